import type { WebSocket } from 'ws';

/** Times of a connection, in milliseconds. */
export interface SocketTimes {
  /** Between two pings; who misses two is gone. */
  readonly ping: number;
  /** How long a connection may last. */
  readonly life: number;
  /** How long a turn may go on after that. */
  readonly lastTurn: number;
  /** How long a client may take to close its side. */
  readonly farewell: number;
}

const MISSED_PONGS = 2;

/** The clock of one connection: its pings, its end, and whatever else falls due while it is open. */
export class SocketWatch {
  readonly #webSocket: WebSocket;
  readonly #timers: NodeJS.Timeout[] = [];
  #unanswered = 0;

  /** @param old is called when the connection has lasted long enough */
  constructor(webSocket: WebSocket, { ping, life }: SocketTimes, old: () => void) {
    this.#webSocket = webSocket;
    webSocket.on('pong', () => {
      this.#unanswered = 0;
    });
    this.#timers.push(setInterval(() => this.#ping(), ping));
    this.after(life, old);
  }

  /** Calls back after some milliseconds, if the connection is open then. */
  after(ms: number, due: () => void): void {
    this.#timers.push(setTimeout(due, ms));
  }

  /** The connection is closed. */
  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #ping(): void {
    // What a client sends is not read while too much of it waits, its pongs among it.
    if (this.#webSocket.isPaused) return;
    if (this.#unanswered++ < MISSED_PONGS) this.#webSocket.ping();
    else this.#webSocket.terminate();
  }
}
