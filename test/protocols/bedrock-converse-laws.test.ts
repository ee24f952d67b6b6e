import { describe, expect, test } from 'vitest';
import { AwsReader } from '../../src/framing/aws-reader.ts';
import type { Frame } from '../../src/framing/frame.ts';
import { collect } from '../../src/model/completion.ts';
import type { Event } from '../../src/model/event.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { protocol } from '../../src/protocols/bedrock-converse/index.ts';
import { dialect } from '../../src/protocols/openai-chat/index.ts';
import { awsEventsOf } from '../support/aws-frames.ts';
import { decoded, fixture, folded, streamOf } from './exchange.ts';
import { faultUnderMutation } from './mutations.ts';

const asking = (more: JsonObject = {}): ReturnType<typeof dialect.decodeRequest> =>
  dialect.decodeRequest({ model: 'm', messages: [{ role: 'user', content: 'hi' }], ...more });
const schema = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] };
const REQUESTS = {
  greeting: asking(),
  'thinking-and-calls': asking(),
  redacted: asking(),
  'server-tool': asking(),
  cited: asking(),
  'stop-sequence': asking({ stop: ['three'] }),
  picture: asking(),
  'forced-answer': asking({ response_format: { type: 'json_schema', json_schema: { name: 'person', schema } } }),
} as const;
type Scenario = keyof typeof REQUESTS;

const bytesOf = (name: Scenario): Buffer => awsEventsOf(fixture(`bedrock-converse/${name}/streamed.jsonl`).toString());
const wholeOf = (name: Scenario): string => fixture(`bedrock-converse/${name}/whole.json`).toString();

function framesIn(bytes: Uint8Array, size = bytes.length): Frame[] {
  const frames: Frame[] = [];
  const reader = new AwsReader((frame) => frames.push(frame), { eventBytes: 1 << 20 });
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
  reader.end();
  return frames;
}

const read = (name: Scenario, frames: readonly Frame[] = framesIn(bytesOf(name))): Event[] =>
  decoded(protocol, REQUESTS[name], streamOf(frames));

/** The answer with the inputs of its calls as values, for a whole body has them laid out in another way. */
function meaningOf(events: readonly Event[]): unknown {
  const { blocks, ...rest } = folded(events);
  const isJson = (text: string): boolean => text.startsWith('{');
  return {
    ...rest,
    blocks: blocks.map((block) => (isJson(block.text) ? { ...block, text: JSON.parse(block.text) as unknown } : block)),
  };
}

describe.each(Object.keys(REQUESTS) as Scenario[])('%s', (name) => {
  test('whole and streamed are the same answer', () => {
    const whole = decoded(protocol, REQUESTS[name], (decoder) => decoder.whole(wholeOf(name)));
    expect(meaningOf(whole)).toEqual(meaningOf(read(name)));
    expect(collect(whole).error).toBeUndefined();
  });

  test('UP-01 any cut of the bytes gives the same events', () => {
    const bytes = bytesOf(name);
    const events = read(name);
    for (const size of [1, 2, 3, 5, 7, 11, 12, 13, 64, 4096]) expect(read(name, framesIn(bytes, size))).toEqual(events);
  });

  test('UP-08 a stream cut after any event is an error before its stop reason, and a success behind it', () => {
    const frames = framesIn(bytesOf(name));
    const stopped = frames.findIndex(({ event }) => event === 'messageStop');
    for (let count = 0; count <= frames.length; count++) {
      const end = read(name, frames.slice(0, count)).at(-1);
      expect([count, end?.type]).toEqual([count, count > stopped ? 'finish' : 'error']);
    }
  });

  test('UP-08 any change of the frames gives a well-formed answer or one error', () => {
    expect(faultUnderMutation(protocol, REQUESTS[name], framesIn(bytesOf(name)))).toBeUndefined();
  });

  test('UP-08 a whole body cut anywhere is an error', () => {
    const body = wholeOf(name).trimEnd();
    for (let length = 0; length < body.length; length += 7) {
      const events = decoded(protocol, REQUESTS[name], (decoder) => decoder.whole(body.slice(0, length)));
      expect(events.map(({ type }) => type)).toEqual(['error']);
    }
  });
});
