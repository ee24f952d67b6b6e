import { ResponseReader } from '../src/transport/http1/response-reader.ts';
import { chatWire, EVENTS, framesOf, parseEach, payloadsOf, PER_CHUNK, reads, tokens } from './made.ts';
import type { Bench } from './measure.ts';

const HEAD = Buffer.from('HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n');
const HEAD_LIMIT = 32 * 1024;

/** Taking an upstream's answer out of HTTP. */
export function transportBenches(): Bench[] {
  return [
    answer('transport: read an answer, 200 chunks a read', PER_CHUNK),
    answer('transport: read an answer, 1 chunk a read', 1),
  ];
}

function answer(name: string, perRead: number): Bench {
  const events = chatWire(tokens(EVENTS, false));
  const chunked = events.map((event) => `${Buffer.byteLength(event).toString(16)}\r\n${event}\r\n`);
  const pieces = reads(chunked, perRead);
  const payloads = payloadsOf(framesOf(events));
  // Chunks are moved within the buffer they were read into, as a socket's is, so each read needs its bytes anew.
  const buffer = Buffer.allocUnsafe(Math.max(...pieces.map(({ length }) => length)));
  return {
    name,
    count: events.length,
    run: () => {
      const reader = new ResponseReader(HEAD_LIMIT);
      reader.read(HEAD);
      let length = 0;
      for (const piece of pieces) {
        piece.copy(buffer);
        reader.read(buffer.subarray(0, piece.length));
        length += reader.body?.length ?? 0;
      }
      return length;
    },
    beside: () => parseEach(payloads),
  };
}
