import { scanJson } from '../src/framing/json-scan.ts';
import { SseReader } from '../src/framing/sse-reader.ts';
import { lineSafe } from '../src/framing/sse-writer.ts';
import {
  chatChunks,
  chatWire,
  EVENTS,
  framesOf,
  parseEach,
  payloadsOf,
  PER_CHUNK,
  reads,
  stringifyEach,
  tokens,
} from './made.ts';
import type { Bench } from './measure.ts';

const LIMITS = { depth: 128, tokens: 4_000_000 };
const MEGABYTE = 1_000_000;

/** Cutting bytes into messages and back. */
export function framingBenches(): Bench[] {
  return [
    reader('framing: read events, 200 a read', false, PER_CHUNK),
    reader('framing: read events, 1 a read', false, 1),
    reader('framing: read events beyond ASCII, 200 a read', true, PER_CHUNK),
    scan(),
    safe(),
  ];
}

function reader(name: string, wide: boolean, perRead: number): Bench {
  const wire = chatWire(tokens(EVENTS, wide));
  const chunks = reads(wire, perRead);
  const payloads = payloadsOf(framesOf(wire));
  return {
    name,
    count: wire.length,
    run: () => {
      let length = 0;
      const sse = new SseReader((frame) => (length += frame.data.length), { eventBytes: MEGABYTE });
      for (const chunk of chunks) sse.push(chunk);
      sse.end();
      return length;
    },
    beside: () => parseEach(payloads),
  };
}

// A long conversation: most of the bytes are text, as in what clients send.
function scan(): Bench {
  const content = tokens(100, true).join('');
  const count = Math.ceil(MEGABYTE / Buffer.byteLength(content));
  const text = JSON.stringify({
    model: 'made/made-model-1',
    messages: Array.from({ length: count }, () => ({ role: 'user', content })),
  });
  const bytes = Buffer.from(text);
  return {
    name: 'framing: scan a body of 1 MB',
    count: 1,
    run: () => {
      const found = scanJson(bytes, LIMITS);
      return found.problem === undefined ? found.close : 0;
    },
    beside: () => parseEach([bytes.toString()]),
  };
}

function safe(): Bench {
  const chunks = chatChunks(tokens(EVENTS, true));
  const texts = chunks.map((chunk) => JSON.stringify(chunk));
  return {
    name: 'framing: look for line ends in an event',
    count: texts.length,
    run: () => texts.reduce((length, text) => length + lineSafe(text).length, 0),
    beside: () => stringifyEach(chunks),
  };
}
