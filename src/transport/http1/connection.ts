import { connect as connectTcp, isIP } from 'node:net';
import type { NetConnectOpts, Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Readable } from 'node:stream';
import type { Seat } from '../../model/roster.ts';
import { afterTurn } from '../turn.ts';
import type { Turning } from '../turn.ts';
import { BodyUpload, writeRequest } from './request-writer.ts';
import type { ResponseHead } from './response-head.ts';
import { ResponseReader } from './response-reader.ts';

/** Where connections lead. */
export interface Place {
  readonly hostname: string;
  readonly port: number;
  readonly secure: boolean;
  /** Milliseconds until a connection must stand. */
  readonly connectWithin: number;
  /** Of TLS, so that the next handshake is short. */
  session?: Buffer;
}

/** What an exchange is told by its connection; exactly one of `ended` and `broke` comes last. */
export interface Exchanging {
  /** Of the request, with the empty line that ends it. */
  readonly head: string;
  readonly body: string | Uint8Array | Readable | null;
  headed(head: ResponseHead): void;
  /** A piece of the body: all that one read brought; its bytes are others' once this returns. */
  came(bytes: Buffer): void;
  ended(): void;
  /** @param unasked the connection had been kept, and broke before anything of an answer came */
  broke(error: Error, unasked: boolean): void;
}

/** What the owner of connections is told. */
export interface ConnectionOwner {
  /**
   * The connection may take another exchange.
   * @param keeps milliseconds for which the upstream keeps it
   */
  freed(connection: Connection, keeps: number): void;
  /** The connection is no more. */
  lost(connection: Connection): void;
}

/** The code of the error that a connection ends with when it does not stand in time. */
export const CONNECT_TIMEOUT = 'connect timeout';

const HEAD_LIMIT = 32 * 1024;
const PROBE_AFTER_MS = 60_000;
// Reads of all connections go through it, one after the other, and nothing keeps a part of it; what TLS decrypts has a place of its own, because it
// may come while another connection writes.
const READS: Buffer = Buffer.allocUnsafeSlow(64 * 1024);
const SECURE_READS = 16 * 1024;

// A callback on a settled promise is a microtask without the async resource that `queueMicrotask` makes for each.
const SOON: Promise<void> = Promise.resolve();

/** One connection to an upstream: takes one exchange after the other, and reads answers without a stream object between. */
export class Connection implements Turning {
  readonly #place: Place;
  readonly #owner: ConnectionOwner;
  readonly #socket: Socket;
  readonly #reader: ResponseReader = new ResponseReader(HEAD_LIMIT);
  #exchange: Exchanging | undefined;
  #upload: BodyUpload | undefined;
  readonly #connecting: NodeJS.Timeout;
  readonly #held: Buffer[] = [];
  #paused = false;
  #closed = false;
  #unsent = false;
  #used = false;
  #keeps = 0;
  #failure: Error | undefined;
  /** `performance.now()` until which it may be used again. */
  goodUntil = 0;
  /** Where its owner keeps it. */
  seat: Seat<Connection> | undefined;

  /** Connects, and begins an exchange. */
  constructor(place: Place, owner: ConnectionOwner, exchange: Exchanging) {
    this.#place = place;
    this.#owner = owner;
    this.#socket = this.#connect();
    this.#connecting = setTimeout(() => this.#socket.destroy(timedOut()), place.connectWithin);
    this.#socket.on('error', this.#onError);
    this.#socket.on('end', this.#onEnd);
    this.#socket.on('close', this.#onClose);
    this.#take(exchange);
  }

  /** Begins another exchange on a connection that is free. */
  begin(exchange: Exchanging): void {
    this.#take(exchange);
    this.#unsent = true;
    afterTurn(this);
  }

  turned(): void {
    this.#unsent = false;
    if (this.#exchange !== undefined && !this.#closed) this.#send(this.#exchange);
  }

  /** Says nothing more of the answer, and reads no more of it, until it is told to. */
  pause(): void {
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#socket.resume();
    if (this.#exchange !== undefined && (this.#held.length > 0 || this.#reader.over)) void SOON.then(this.#deliver);
  }

  /** Breaks the connection; whoever has it is told nothing more. */
  destroy(): void {
    this.#exchange = undefined;
    this.#socket.destroy();
  }

  #connect(): Socket {
    const { hostname, port, secure, session } = this.#place;
    const tcp: NetConnectOpts = {
      host: hostname,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: PROBE_AFTER_MS,
      onread: { buffer: secure ? Buffer.allocUnsafeSlow(SECURE_READS) : READS, callback: this.#onRead },
    };
    if (!secure) return connectTcp(tcp, this.#onConnect);
    const named = isIP(hostname) === 0 && { servername: hostname };
    const secured = { ...tcp, ...named, ALPNProtocols: ['http/1.1'], ...(session !== undefined && { session }) };
    const socket = connectTls(secured, this.#onConnect);
    socket.on('session', (next: Buffer) => {
      this.#place.session = next;
    });
    return socket;
  }

  readonly #onConnect = (): void => {
    clearTimeout(this.#connecting);
    if (this.#exchange === undefined) this.#socket.destroy();
    else this.#send(this.#exchange);
  };

  #take(exchange: Exchanging): void {
    this.#exchange = exchange;
    const { body } = exchange;
    // Its faults must be heard, and it must be given up, also while there is no connection yet.
    if (isStream(body)) this.#upload = new BodyUpload(this.#socket, body, (error) => this.#socket.destroy(error));
  }

  #send({ head, body }: Exchanging): void {
    const socket = this.#socket;
    if (!isStream(body)) {
      writeRequest(socket, head, body);
      return;
    }
    socket.write(head, 'latin1');
    this.#upload?.start();
  }

  // What was read is understood before anybody is told of it: whoever is told may write, and writing may read.
  readonly #onRead = (size: number, buffer: Uint8Array): boolean => {
    const reader = this.#reader;
    const exchange = this.#exchange;
    // What comes unasked belongs to nobody.
    if (exchange === undefined || this.#unsent) {
      this.goodUntil = 0;
      this.#socket.destroy();
      return false;
    }
    try {
      reader.read(Buffer.from(buffer.buffer, buffer.byteOffset, size));
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      this.#socket.destroy();
      return false;
    }
    const { head, body } = reader;
    if (head !== undefined) {
      this.#keeps = head.keeps;
      exchange.headed(head);
    }
    if (body !== undefined) {
      if (this.#paused || this.#held.length > 0) this.#held.push(Buffer.from(body));
      else if (this.#exchange === exchange) exchange.came(body);
    }
    if (this.#exchange === exchange) this.#deliver();
    return true;
  };

  // Whoever pauses may do so between the head and the body of one read, and TLS may have decrypted more than one piece.
  readonly #deliver = (): void => {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    while (this.#held.length > 0 && !this.#paused && this.#exchange === exchange) {
      const body = this.#held.shift();
      if (body !== undefined) exchange.came(body);
    }
    const { over } = this.#reader;
    if (this.#exchange !== exchange || (this.#paused && (over || this.#held.length > 0))) return;
    if (over) this.#finish(exchange);
    else if (this.#closed) this.#break(exchange);
  };

  #finish(exchange: Exchanging): void {
    this.#exchange = undefined;
    const sent = (this.#upload?.complete ?? true) && this.#socket.writableLength === 0;
    this.#upload?.stop();
    this.#upload = undefined;
    // Who answers before all was sent, or says more than its answer, is not asked again over the same connection.
    const free = sent && this.#keeps > 0 && !this.#reader.surplus && !this.#closed;
    if (free) {
      this.#used = true;
      this.#reader.next();
      this.#owner.freed(this, this.#keeps);
    } else this.#socket.destroy();
    exchange.ended();
  }

  readonly #onError = (error: Error): void => {
    this.#failure ??= error;
    this.goodUntil = 0;
  };

  readonly #onEnd = (): void => {
    this.#keeps = 0;
    this.goodUntil = 0;
    this.#reader.connectionEnds();
    this.#deliver();
    // Half a connection brings no answer, and waiting for what is still to be sent may last for ever.
    this.#socket.destroy();
  };

  readonly #onClose = (): void => {
    clearTimeout(this.#connecting);
    this.#closed = true;
    this.#upload?.stop();
    this.#owner.lost(this);
    this.#deliver();
  };

  #break(exchange: Exchanging): void {
    this.#exchange = undefined;
    exchange.broke(this.#failure ?? new Error('closed'), this.#used && !this.#reader.begun);
  }
}

function isStream(body: Exchanging['body']): body is Readable {
  return body !== null && typeof body !== 'string' && !(body instanceof Uint8Array);
}

function timedOut(): Error {
  return Object.assign(new Error('no connection in time'), { code: CONNECT_TIMEOUT });
}
