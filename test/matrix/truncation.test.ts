import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FakeUpstream } from '../support/fake-upstream.ts';
import type { Play } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import type { Gateway } from '../support/gateway.ts';
import { inParallel } from '../support/pool.ts';
import { postJson } from '../support/raw-client.ts';
import { answersOf, bodyOf, haveRecordings } from '../support/recordings.ts';
import type { Recording } from '../support/recordings.ts';
import { TEXT_CLIENTS } from '../support/text-requests.ts';
import { PROVIDER, errorFaults, matrixConfig } from './cells.ts';
import type { TextDialect } from './facts.ts';

const DIALECTS: readonly TextDialect[] = ['openai-chat', 'openai-responses', 'openai-completions'];

/** How the upstream's body stops short: as if it were whole, or with a broken connection. */
type Stop = 'end' | 'reset';

function stopping(bytes: Uint8Array, stop: Stop): Play {
  return (reply) => {
    reply.head(200, { 'content-type': 'text/event-stream' });
    reply.cut(bytes, 4096);
    if (stop === 'end') reply.end();
    else setImmediate(() => reply.reset());
  };
}

/** A few small streams that hold text, reasoning and calls between them. */
function specimens(protocol: TextDialect): readonly Recording[] {
  const small = answersOf(protocol).filter(
    (recording) =>
      recording.streaming &&
      !recording.features.includes('n>1') &&
      recording.finish_reason.length === 1 &&
      recording.size < 12_000,
  );
  const wanted = ['text', 'reasoning', 'tool-calls', 'parallel-tools', 'truncated', 'unicode'];
  const chosen = wanted.flatMap((feature) => small.find(({ features }) => features.includes(feature)) ?? []);
  return [...new Set(chosen)];
}

const TERMINAL: Readonly<Record<TextDialect, RegExp>> = {
  'openai-chat': /"finish_reason": ?"/,
  'openai-completions': /"finish_reason": ?"/,
  'openai-responses': /"type": ?"response\.(?:completed|incomplete)"/,
};

/** The first offset at which nothing is missing any more: behind the JSON of the frame that ends the format. */
function completeFrom(protocol: TextDialect, body: Buffer): number {
  const text = body.toString('latin1');
  const terminal = TERMINAL[protocol].exec(text);
  if (terminal === null) throw new Error('a specimen without terminal frame');
  const lineEnd = text.slice(terminal.index).search(/[\r\n]/);
  return lineEnd < 0 ? text.length : terminal.index + lineEnd;
}

/** Every event boundary, and bytes inside events at a stride that meets all kinds of places. */
function cutsOf(protocol: TextDialect, body: Buffer): readonly number[] {
  const end = completeFrom(protocol, body);
  const cuts = new Set<number>([0]);
  for (let at = body.indexOf('\n\n'); at >= 0 && at + 2 < end; at = body.indexOf('\n\n', at + 2)) cuts.add(at + 2);
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

  const pairs = DIALECTS.flatMap((protocol) => DIALECTS.map((dialect) => [protocol, dialect] as const));

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
      upstream.on(model, stopping(bytes, stop));
      const client = TEXT_CLIENTS[dialect];
      const answer = await postJson(
        gateway.url,
        client.path,
        client.request(`${PROVIDER[protocol]}/${model}`, stream, true),
      );
      const told = client.read(answer, stream);
      const found = [...errorFaults(told)];
      if (!stream && answer.status < 400) found.push(`HTTP ${answer.status}`);
      return found.map((fault) => `${model}, ${stream ? 'streamed' : 'whole'}: ${fault}`);
    });
    expect(faults.flat().slice(0, 30)).toEqual([]);
  });
});
