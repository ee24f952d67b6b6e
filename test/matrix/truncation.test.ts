import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FakeUpstream } from '../support/fake-upstream.ts';
import type { Play } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import type { Gateway } from '../support/gateway.ts';
import { inParallel } from '../support/pool.ts';
import { answersOf, bodyOf, haveRecordings } from '../support/recordings.ts';
import type { Recording } from '../support/recordings.ts';
import { TEXT_CLIENTS, TEXT_DIALECTS, askPlainly } from '../support/text-requests.ts';
import { PROVIDER, TEXT_PROTOCOLS, errorFaults, matrixConfig } from './cells.ts';
import type { TextProtocol } from './cells.ts';

/** How the upstream's body stops short: as if it were whole, or with a broken connection. */
type Stop = 'end' | 'reset';

function stopping(bytes: Uint8Array, stop: Stop, type: string): Play {
  return (reply) => {
    reply.head(200, { 'content-type': type });
    reply.cut(bytes, 4096);
    if (stop === 'end') reply.end();
    else setImmediate(() => reply.reset());
  };
}

/** A few small streams that hold text, reasoning and calls between them. */
function specimens(protocol: TextProtocol): readonly Recording[] {
  const small = answersOf(protocol).filter(
    (recording) =>
      recording.wire === protocol &&
      recording.streaming &&
      !recording.file.endsWith('.json') &&
      !recording.features.includes('n>1') &&
      recording.finish_reason.length === 1 &&
      recording.size < 12_000,
  );
  const wanted = ['text', 'reasoning', 'tool-calls', 'parallel-tools', 'truncated', 'unicode'];
  const chosen = wanted.flatMap((feature) => small.find(({ features }) => features.includes(feature)) ?? []);
  return [...new Set(chosen)];
}

const TERMINAL: Readonly<Record<TextProtocol, RegExp>> = {
  'openai-chat': /"finish_reason": ?"/,
  'openai-completions': /"finish_reason": ?"/,
  'anthropic-messages': /"stop_reason": ?"/,
  gemini: /"finishReason": ?"/,
  'bedrock-converse': /"stopReason": ?"/,
  'openai-responses': /"type": ?"response\.(?:completed|incomplete)"/,
};

/** The first offset at which nothing is missing any more: behind the JSON of the frame that ends the format. */
function completeFrom(protocol: TextProtocol, body: Buffer): number {
  const text = body.toString('latin1');
  const terminal = TERMINAL[protocol].exec(text);
  if (terminal === null) throw new Error('a specimen without terminal frame');
  // A binary message ends with its checksum, behind the JSON.
  if (protocol === 'bedrock-converse') return text.indexOf('}', terminal.index) + 1 + 4;
  const lineEnd = text.slice(terminal.index).search(/[\r\n]/);
  return lineEnd < 0 ? text.length : terminal.index + lineEnd;
}

function boundariesIn(protocol: TextProtocol, body: Buffer): readonly number[] {
  const found: number[] = [];
  if (protocol === 'bedrock-converse') {
    for (let at = 0; at < body.length; at += body.readUInt32BE(at)) found.push(at);
    return found;
  }
  const mark = body.includes('\r\n\r\n') ? '\r\n\r\n' : '\n\n';
  for (let at = body.indexOf(mark); at >= 0; at = body.indexOf(mark, at + mark.length)) found.push(at + mark.length);
  return found;
}

/** Every event boundary, and bytes inside events at a stride that meets all kinds of places. */
function cutsOf(protocol: TextProtocol, body: Buffer): readonly number[] {
  const end = completeFrom(protocol, body);
  const cuts = new Set<number>([0]);
  for (const boundary of boundariesIn(protocol, body)) if (boundary < end) cuts.add(boundary);
  for (let at = 1; at < end; at += Math.max(13, Math.floor(end / 60))) cuts.add(at);
  cuts.add(end - 1);
  return [...cuts];
}

describe.skipIf(!haveRecordings)('a recorded stream that is cut off', () => {
  let upstream: FakeUpstream;
  let gateway: Gateway;

  beforeAll(async () => {
    upstream = await FakeUpstream.start();
    gateway = await startGateway(matrixConfig(upstream));
  });

  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });

  const pairs = TEXT_PROTOCOLS.flatMap((protocol) => TEXT_DIALECTS.map((dialect) => [protocol, dialect] as const));

  test.each(pairs)('WD-05 UP-04 UP-08 CC-25 OR-48 from %s is never a normal end in %s', async (protocol, dialect) => {
    const cells = specimens(protocol).flatMap((recording) => {
      const body = bodyOf(recording);
      return cutsOf(protocol, body).flatMap((cut) =>
        (['end', 'reset'] as const).flatMap((stop) =>
          [true, false].map((stream) => ({ recording, bytes: body.subarray(0, cut), stop, stream })),
        ),
      );
    });
    expect(cells.length).toBeGreaterThan(100);
    const faults = await inParallel(cells, 16, async ({ recording, bytes, stop, stream }) => {
      const model = `${recording.file}#${bytes.length}#${stop}`;
      const type = recording.response_headers['content-type'] ?? '';
      upstream.on(model, stopping(bytes, stop, type));
      const name = `${PROVIDER[protocol]}/${model}`;
      const answer = await askPlainly(gateway.url, dialect, name, { stream, usage: true });
      const told = TEXT_CLIENTS[dialect].read(answer, stream);
      const found = [...errorFaults(told)];
      if (!stream && answer.status < 400) found.push(`HTTP ${answer.status}`);
      return found.map((fault) => `${model}, ${stream ? 'streamed' : 'whole'}: ${fault}`);
    });
    expect(faults.flat().slice(0, 30)).toEqual([]);
  });
});
