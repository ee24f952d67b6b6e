import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { Roster } from '../model/roster.ts';
import { Lane } from './lane.ts';
import type { LaneDeps } from './lane.ts';

const CHECK_MS = 1_000;

/** All connections of a server that carry plain requests; the others are the server's own. */
export class Lanes {
  readonly #open = new Roster<Lane>();
  readonly #checks: NodeJS.Timeout;
  /** Those whose end is waited for. */
  #closing: { readonly lanes: Set<Lane>; readonly over: () => void } | undefined;

  /** Takes every new connection of a server, and gives back those that are not plain. */
  constructor(deps: Omit<LaneDeps, 'handOver' | 'left'>, server: Server) {
    const listeners = server.listeners('connection');
    server.removeAllListeners('connection');
    const all: LaneDeps = {
      ...deps,
      handOver: (socket) => {
        for (const listener of listeners) listener.call(server, socket);
      },
      left: (lane) => this.#left(lane),
    };
    server.on('connection', (socket: Socket) => {
      const lane = new Lane(socket, all);
      lane.seat = this.#open.enter(lane);
    });
    this.#checks = setInterval(() => {
      const now = performance.now();
      for (const lane of this.#open) lane.check(now);
    }, CHECK_MS).unref();
  }

  /** Ends all connections; resolves when their last bytes were taken, or after some milliseconds. */
  async close(patience: number): Promise<void> {
    clearInterval(this.#checks);
    if (this.#open.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const lanes = new Set(this.#open);
    this.#closing = { lanes, over: resolve };
    for (const lane of lanes) lane.close();
    const late = setTimeout(resolve, patience);
    await promise;
    clearTimeout(late);
  }

  /** Breaks what is left: who did not take its last bytes, or came while the others were closed. */
  cut(): void {
    for (const lane of this.#open) lane.destroy();
  }

  #left(lane: Lane): void {
    if (lane.seat !== undefined) this.#open.leave(lane.seat);
    const closing = this.#closing;
    if (closing?.lanes.delete(lane) === true && closing.lanes.size === 0) closing.over();
  }
}
