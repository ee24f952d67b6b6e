import type { Socket } from 'node:net';
import type { Seat } from '../model/roster.ts';
import { Outlet } from '../relay/outlet.ts';
import type { OutletOwner } from '../relay/outlet.ts';
import { SocketWire } from '../relay/socket-wire.ts';
import { HEAD_END, mayBecomePlain, readLaneHead } from './lane-head.ts';
import type { LaneHead } from './lane-head.ts';
import type { JsonPath } from './paths.ts';

/** A plain request. */
export interface LaneRequest {
  readonly head: LaneHead;
  readonly found: JsonPath;
  readonly body: Buffer;
}

/** What a lane needs from its server. */
export interface LaneDeps {
  /** Bytes that a body may have here. */
  readonly bodyLimit: number;
  readonly times: LaneTimes;
  /** What a path and query name, where that is answered here. */
  readonly find: (url: string) => JsonPath | undefined;
  /** Answers a request; the promise is for what is still looked up. */
  readonly answer: (request: LaneRequest, wire: SocketWire) => Promise<void> | undefined;
  /** Is given what answering threw. */
  readonly faulted: (fault: unknown) => void;
  /** Gives the connection, with all that was read and not answered, to the server that understands everything. */
  readonly handOver: (socket: Socket) => void;
  /** The connection has left the lane. */
  readonly left: (lane: Lane) => void;
}

/** How long a client may take, in milliseconds. */
export interface LaneTimes {
  /** To send a head. */
  readonly head: number;
  /** To send a request. */
  readonly request: number;
  /** Between two requests. */
  readonly idle: number;
}

const HEAD_LIMIT = 16 * 1024;
// What a client may send ahead while it waits for an answer, before it is read no further.
const AHEAD_LIMIT = 64 * 1024;
// As `node:http` says both.
const TOO_LATE = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n';
const CUT_SHORT = 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n';

/**
 * One connection that carries plain requests one after the other, without a stream object for each: a POST with a JSON body of a known length is read and
 * answered here, half as dear as through `node:http`. Whatever is not as plain as that goes to `node:http` with the whole connection, for good, so that there
 * is nothing to interpret here.
 */
export class Lane implements OutletOwner {
  readonly #socket: Socket;
  readonly #deps: LaneDeps;
  readonly #outlet: Outlet;
  #held: Buffer[] = [];
  #bytes = 0;
  #head: LaneHead | undefined;
  #found: JsonPath | undefined;
  /** Where the body begins in what is held. */
  #bodyAt = 0;
  #wire: SocketWire | undefined;
  #deadline: number;
  #begun = 0;
  #ending = false;
  /** Where its server keeps it. */
  seat: Seat<Lane> | undefined;

  constructor(socket: Socket, deps: LaneDeps) {
    this.#socket = socket;
    this.#deps = deps;
    this.#outlet = new Outlet(socket, this);
    // Until an answer knows better: refusals, too, may be more than a client takes.
    this.#outlet.limit(deps.times.idle);
    // Who connects and says nothing is cut off like one that does not finish its head.
    this.#deadline = performance.now() + deps.times.head;
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.on('error', this.#onError);
    socket.on('close', this.#onClose);
  }

  /** Cuts off a client that takes too long. */
  check(now: number): void {
    if (this.#wire !== undefined || now < this.#deadline || !this.#outlet.empty) return;
    if (this.#bytes > 0) this.#outlet.text(TOO_LATE, 'ascii');
    this.close();
  }

  /** Ends the connection once all that was answered, or still is, has left. */
  close(): void {
    this.#ending = true;
    if (this.#wire === undefined) this.#outlet.end();
  }

  /** Ends the connection at once. */
  destroy(): void {
    this.#socket.destroy();
  }

  sent(): void {
    if (this.#ending || !this.#free) return;
    if (this.#bytes <= AHEAD_LIMIT) this.#read();
    if (this.#bytes > 0) this.#next();
  }

  drained(): void {
    if (this.#wire !== undefined) {
      this.#wire.drained();
      return;
    }
    // Only now does the client owe anything.
    this.#rest();
    this.sent();
  }

  readonly #onData = (bytes: Buffer): void => {
    if (this.#ending) return;
    if (this.#bytes === 0) this.#begun = performance.now();
    this.#held.push(bytes);
    this.#bytes += bytes.length;
    if (this.#free) this.#next();
    else if (this.#bytes > AHEAD_LIMIT) this.#socket.pause();
  };

  /**
   * Whether a request may be answered. The next answer may come from elsewhere, so the last one must be on its way; and who asks and asks and
   * takes no answer is not given more of them.
   */
  get #free(): boolean {
    return this.#wire === undefined && !this.#outlet.waits && !this.#outlet.slow;
  }

  #read(): void {
    if (this.#socket.isPaused()) this.#socket.resume();
  }

  #next(): void {
    if (this.#head === undefined && !this.#readHead()) return;
    const head = this.#head;
    const found = this.#found;
    if (head === undefined || found === undefined) return;
    if (this.#bytes < this.#bodyAt + head.length) {
      this.#read();
      return;
    }
    const held = this.#together();
    const end = this.#bodyAt + head.length;
    const body = held.subarray(this.#bodyAt, end);
    this.#head = undefined;
    this.#bytes = held.length - end;
    this.#held = this.#bytes === 0 ? [] : [held.subarray(end)];
    const { idle } = this.#deps.times;
    const wire = new SocketWire(this.#outlet, head.closes ? 0 : idle / 1000, this.#onOver);
    this.#wire = wire;
    try {
      this.#deps.answer({ head, found, body }, wire)?.catch(this.#onFault);
    } catch (fault) {
      this.#onFault(fault);
    }
  }

  /** Reads a head; false when there is none yet, or none for this lane. */
  #readHead(): boolean {
    const held = this.#together();
    const text = held.toString('latin1', 0, Math.min(held.length, HEAD_LIMIT));
    const end = text.indexOf(HEAD_END);
    if (end < 0) {
      if (held.length >= HEAD_LIMIT || !mayBecomePlain(text)) this.#handOver();
      else this.#deadline = this.#begun + this.#deps.times.head;
      return false;
    }
    const head = readLaneHead(text.slice(0, end));
    const found = head === undefined ? undefined : this.#deps.find(head.url);
    if (head === undefined || found === undefined || head.length > this.#deps.bodyLimit) {
      this.#handOver();
      return false;
    }
    this.#head = head;
    this.#found = found;
    this.#bodyAt = end + HEAD_END.length;
    this.#deadline = this.#begun + this.#deps.times.request;
    return true;
  }

  #together(): Buffer {
    const [first] = this.#held;
    if (first !== undefined && this.#held.length === 1) return first;
    const all = Buffer.concat(this.#held);
    this.#held = [all];
    return all;
  }

  #handOver(): void {
    const socket = this.#socket;
    this.#detach();
    socket.pause();
    socket.unshift(this.#together());
    this.#deps.handOver(socket);
    socket.resume();
  }

  #detach(): void {
    const socket = this.#socket;
    socket.off('data', this.#onData);
    socket.off('end', this.#onEnd);
    socket.off('error', this.#onError);
    socket.off('close', this.#onClose);
    socket.setTimeout(0);
    this.#outlet.detach();
    this.#deps.left(this);
  }

  readonly #onOver = (keeps: boolean): void => {
    this.#wire = undefined;
    this.#rest();
    if (!keeps || this.#ending) this.close();
  };

  #rest(): void {
    this.#begun = performance.now();
    this.#deadline = this.#begun + this.#deps.times.idle;
  }

  // Nobody is left to answer.
  readonly #onFault = (fault: unknown): void => {
    this.#deps.faulted(fault);
    this.destroy();
  };

  // Who ends its half of a connection before it has its answer is taken for gone, as `node:http` does.
  readonly #onEnd = (): void => {
    if (this.#wire !== undefined) {
      this.#socket.destroy();
      return;
    }
    if (this.#bytes > 0 && this.#free && !this.#ending) this.#outlet.text(CUT_SHORT, 'ascii');
    this.close();
  };

  readonly #onError = (): void => {
    // `close` follows.
  };

  readonly #onClose = (): void => {
    this.#detach();
    this.#wire?.left();
  };
}
