import { Roster } from '../../model/roster.ts';
import { Connection } from './connection.ts';
import type { ConnectionOwner, Exchanging, Place } from './connection.ts';

const IDLE_MS = 30_000;
const SWEEP_MS = 5_000;

/** The connections to one upstream: as many as there are exchanges at a time, each kept for a while for the next. */
export class Connections implements ConnectionOwner {
  readonly #place: Place;
  readonly #all = new Roster<Connection>();
  /** Those that wait for an exchange; the one used last is used first. */
  readonly #free: Connection[] = [];
  #sweep: NodeJS.Timeout | undefined;

  constructor(place: Place) {
    this.#place = place;
  }

  /** Begins an exchange; it is told of everything later, never before this returns. */
  begin(exchange: Exchanging): Connection {
    const now = performance.now();
    for (let free = this.#free.pop(); free !== undefined; free = this.#free.pop()) {
      if (free.goodUntil > now) {
        free.begin(exchange);
        return free;
      }
      free.destroy();
    }
    const connection = new Connection(this.#place, this, exchange);
    connection.seat = this.#all.enter(connection);
    return connection;
  }

  freed(connection: Connection, keeps: number): void {
    connection.goodUntil = performance.now() + Math.min(keeps, IDLE_MS);
    this.#free.push(connection);
    this.#sweep ??= setInterval(() => this.#closeOld(), SWEEP_MS).unref();
  }

  lost(connection: Connection): void {
    if (connection.seat !== undefined) this.#all.leave(connection.seat);
    const at = this.#free.indexOf(connection);
    if (at >= 0) this.#free.splice(at, 1);
  }

  /** Closes every connection; running exchanges are cut, and told nothing. */
  destroy(): void {
    clearInterval(this.#sweep);
    this.#sweep = undefined;
    for (const connection of this.#all) connection.destroy();
    this.#free.length = 0;
  }

  #closeOld(): void {
    const now = performance.now();
    for (const connection of this.#free.filter(({ goodUntil }) => goodUntil <= now)) connection.destroy();
    if (this.#free.length > 0) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }
}
