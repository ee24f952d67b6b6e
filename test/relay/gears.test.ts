import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dialect, protocol } from '../../src/protocols/openai-chat/index.ts';
import { EVENT_STREAM } from '../../src/protocols/codec.ts';
import { SseReader } from '../../src/framing/sse-reader.ts';
import { checked } from '../../src/model/grammar.ts';
import type { Event } from '../../src/model/event.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { inputTotal, outputTotal } from '../../src/model/usage.ts';
import { Tally } from '../../src/relay/tally.ts';
import { replaying } from '../support/fake-upstream.ts';
import { inParallel } from '../support/pool.ts';
import { readChoiceStream } from '../support/read-chat.ts';
import type { Told } from '../support/told.ts';
import { answersOf, bodyOf, haveRecordings } from '../support/recordings.ts';
import type { Recording } from '../support/recordings.ts';
import { reply, target } from '../protocols/exchange.ts';
import { Bench } from './bench.ts';

const SIZES = [1, 7, 64, 4096, 1 << 30];

/** What must be the same whatever way an answer took: the meaning a client reads, and the account. */
interface Meaning {
  readonly told: unknown;
  readonly record: unknown;
}

function meaningOf(told: Told, record: unknown): Meaning {
  // Ids of the gateway's own making are never the same twice.
  const calls = told.calls.map((call) => ({
    ...call,
    id: call.id.replace(/^call_(?:minted|[a-z0-9]{24})$/, 'minted'),
  }));
  const { text, reasoning, refusal, finish, usage, error, normalEnd, broken } = told;
  return { told: { text, reasoning, refusal, calls, finish, usage: usage.value, error, normalEnd, broken }, record };
}

/** The events gear by hand: decoder to encoder, with the account beside it. */
function byEvents(recording: Recording, body: JsonObject): Meaning {
  const request = dialect.decodeRequest(body);
  const tally = new Tally(Buffer.byteLength(JSON.stringify(body)), () => 0);
  const chunks: Buffer[] = [];
  const encoder = dialect.encoder((written) => void chunks.push(Buffer.from(written)), reply(request, body));
  const take = (event: Event): void => {
    tally.note(event);
    if (event.type === 'finish' && tally.usage === undefined) take({ type: 'usage', usage: tally.estimate() });
    encoder.push(event);
  };
  const decoder = protocol.decoder(checked(take), { request, target: target(), mint: (prefix) => `${prefix}_minted` });
  const reader = new SseReader((frame) => decoder.push(frame), { eventBytes: 1 << 30 });
  reader.push(bodyOf(recording));
  reader.end();
  decoder.end();
  const answer = {
    status: 200,
    headers: { 'content-type': EVENT_STREAM.contentType },
    chunks,
    reads: [],
    end: 'clean' as const,
  };
  const told = readChoiceStream({ ...answer, body: Buffer.concat(chunks) }, 'chat');
  const usage = tally.usage ?? tally.estimate();
  return meaningOf(told, {
    finish: tally.finish,
    tokens: [inputTotal(usage), outputTotal(usage), usage.estimated === true],
  });
}

describe.skipIf(!haveRecordings)('every recorded chat stream', () => {
  const streams = answersOf('openai-chat').filter(({ streaming, http_status: status }) => streaming && status === 200);
  const gears = new Map<string, number>();
  let bench: Bench;

  beforeAll(async () => {
    bench = await Bench.start();
  });
  afterAll(() => bench.close());

  test('UP-01 CC-03 FM-18 means the same, and costs the same, in every gear and however it was cut', async () => {
    const cells = streams.flatMap((recording) => SIZES.map((size) => ({ recording, size })));
    const faults = await inParallel(cells, 12, async ({ recording, size }) => {
      const { answer, record, asked } = await bench.play(replaying(recording, size), { usage: true });
      const gear = record.at('gear').text;
      gears.set(gear, (gears.get(gear) ?? 0) + 1);
      const tokens = record.at('tokens');
      const passed = meaningOf(readChoiceStream(answer, 'chat'), {
        finish: record.at('finish').value,
        tokens: [tokens.at('input').value, tokens.at('output').value, tokens.at('estimated').given],
      });
      return {
        name: `${recording.file} at ${size} (${gear})`,
        passed,
        encoded: byEvents(recording, asked as JsonObject),
      };
    });
    for (const { name, passed, encoded } of faults) expect({ name, ...passed }).toEqual({ name, ...encoded });
  });

  test('each gear is taken by some', () => {
    expect([...gears.keys()].toSorted()).toEqual(['bytes', 'events', 'frames']);
  });
});
