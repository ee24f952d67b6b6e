import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib';
import type { Transform } from 'node:stream';
import type { GatewayError } from '../model/errors.ts';

/** The content codings that are understood. */
export type Coding = 'gzip' | 'x-gzip' | 'deflate' | 'br' | 'zstd';

const MAKERS: Record<Coding, () => Transform> = {
  gzip: () => createGunzip(),
  'x-gzip': () => createGunzip(),
  deflate: () => createInflate(),
  br: () => createBrotliDecompress(),
  zstd: () => createZstdDecompress(),
};

const BOMB_FREE_BYTES = 1024 * 1024;
const BOMB_RATIO = 20;

/** The one known coding of a body; undefined when there is none, `unknown` for others and for several (UP-07). */
export function codingOf(header: string | undefined): Coding | 'unknown' | undefined {
  const name = header?.trim().toLowerCase() ?? '';
  if (name === '' || name === 'identity') return undefined;
  return Object.hasOwn(MAKERS, name) ? (name as Coding) : 'unknown';
}

/** What an {@link Inflater} tells; exactly one of `end` and `fail` comes last. */
export interface InflaterEvents {
  data(chunk: Buffer): void;
  end(): void;
  fail(error: GatewayError): void;
}

/** Decodes a compressed body piece by piece, within bounds; for upstreams that compress although identity was asked. */
export class Inflater {
  readonly #stream: Transform;
  readonly #events: InflaterEvents;
  #in = 0;
  #out = 0;
  #over = false;

  /**
   * @param limit bytes that may come out
   * @param ratio how many times its size a body may grow to, beyond the first MiB
   */
  constructor(coding: Coding, limit: number, events: InflaterEvents, ratio: number = BOMB_RATIO) {
    this.#events = events;
    this.#stream = MAKERS[coding]();
    this.#stream.on('data', (chunk: Buffer) => {
      this.#out += chunk.length;
      const bomb = this.#out > limit || (this.#out > BOMB_FREE_BYTES && this.#out > this.#in * ratio);
      if (bomb) this.#fail('The upstream sent a compressed body that grows beyond the limit.');
      else if (!this.#over) events.data(chunk);
    });
    this.#stream.on('end', () => {
      if (!this.#over) events.end();
    });
    this.#stream.on('error', () => this.#fail('The upstream sent a corrupt compressed body.'));
  }

  push(chunk: Buffer): void {
    this.#in += chunk.length;
    this.#stream.write(chunk);
  }

  end(): void {
    this.#stream.end();
  }

  close(): void {
    this.#over = true;
    this.#stream.destroy();
  }

  #fail(message: string): void {
    if (this.#over) return;
    this.close();
    this.#events.fail({ kind: 'bad_response', message });
  }
}
