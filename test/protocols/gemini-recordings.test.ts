import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { lineSafe } from '../../src/framing/sse-writer.ts';
import { SseReader } from '../../src/framing/sse-reader.ts';
import type { Frame } from '../../src/framing/frame.ts';
import { collect } from '../../src/model/completion.ts';
import type { Completion } from '../../src/model/completion.ts';
import type { Event } from '../../src/model/event.ts';
import { dialect, protocol, streamDialect } from '../../src/protocols/gemini/index.ts';
import type { Generation } from '../../src/model/request.ts';
import { NO_USAGE } from '../../src/model/usage.ts';
import type { Identity } from '../../src/protocols/codec.ts';
import { Peek } from '../support/peek.ts';
import { answersOf, bodyOf, haveRecordings, recordings } from '../support/recordings.ts';
import type { Recording } from '../support/recordings.ts';
import { readGeminiStream } from '../support/gemini-automaton.ts';
import { decoded, encoded, folded, reply, streamOf } from './exchange.ts';

const place = { params: { model: 'm' }, query: { alt: 'sse' } };
const asked = { contents: [{ parts: [{ text: 'hi' }] }] };
const own = streamDialect.decodeRequest(asked, place) as Generation;
// What clients of other formats are told.
const foreign: Generation = { ...own, native: { protocol: 'openai-chat', value: {} } };

const EMBEDDINGS = /embedding-gemini/;
// Neither of these streams ever says how it ended, so a client must not take them for whole (UP-08).
const ENDLESS = /lmnr-ts__lmnr_google|malformed-content/;
const answers = answersOf('gemini').filter(({ file }) => !EMBEDDINGS.test(file) && !ENDLESS.test(file));
const streamed = answers.filter(({ file }) => file.endsWith('.sse'));
const errors = recordings().filter(({ wire, protocol: kind }) => kind === 'errors' && wire === 'gemini');

function framesIn(body: Buffer, size: number): Frame[] {
  const frames: Frame[] = [];
  const reader = new SseReader((frame) => frames.push(frame), { eventBytes: 16_000_000 });
  for (let at = 0; at < body.length; at += size) reader.push(body.subarray(at, at + size));
  reader.end();
  return frames;
}

function events(recording: Recording, request = foreign): Event[] {
  const body = bodyOf(recording);
  const text = body.toString();
  return decoded(
    protocol,
    request,
    recording.file.endsWith('.sse') ? streamOf(framesIn(body, 1460)) : (decoder) => decoder.whole(text),
  );
}

const sha = (text: string): string | null => (text === '' ? null : createHash('sha256').update(text).digest('hex'));
const textOf = ({ blocks }: Completion, type: string): string =>
  blocks.map(({ head, text }) => (head.type === type && head.choice === undefined ? text : '')).join('');

/** JSON with its keys in order, as the index writes it. */
function canonical(text: string): string {
  const sorted = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(sorted);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, each]) => [key, sorted(each)]),
    );
  };
  return JSON.stringify(sorted(JSON.parse(text)));
}

const WORDS: Readonly<Record<string, string>> = { '1': 'STOP', '2': 'MAX_TOKENS' };

describe.skipIf(!haveRecordings)('recorded answers', () => {
  test.each(answers)('UP-01 GM-05 FM-49 $file says what its index says', (recording) => {
    const answer = collect(events(recording));
    expect(answer.error).toBeUndefined();
    expect(sha(textOf(answer, 'text'))).toBe(recording.text_sha256);
    expect(sha(textOf(answer, 'reasoning'))).toBe(recording.reasoning_sha256);
    const calls = answer.blocks.flatMap(({ head, text }) =>
      head.type === 'tool-call' ? [[head.name, sha(canonical(text))]] : [],
    );
    if (!recording.features.includes('streamed-fn-args'))
      expect(calls).toEqual(recording.tool_calls.map(({ name, args_canonical_sha256: args }) => [name, args]));
    const last = recording.finish_reason.at(-1);
    expect(answer.finish?.raw).toBe(
      last?.startsWith('blocked:') === true ? last.slice(8) : (WORDS[last ?? ''] ?? last),
    );
    if (recording.usage === null) expect(answer.usage).toBeUndefined();
    else expect(JSON.parse(JSON.stringify(answer.usage?.raw))).toEqual(recording.usage);
  });

  test.each(streamed)('UP-01 GM-02 $file cut anywhere is the same answer', (recording) => {
    const body = bodyOf(recording);
    const read = (size: number): Event[] => decoded(protocol, own, streamOf(framesIn(body, size)));
    const whole = read(body.length);
    for (const size of body.length < 50_000 ? [1, 7, 64, 4096] : [64, 4096]) expect(read(size)).toEqual(whole);
  });

  test.each(answers)(
    'GM-03 GM-04 GM-06 GM-07 $file is written as a stream, a list and a whole that say the same',
    (recording) => {
      const told = events(recording);
      const { text, lost } = encoded(streamDialect, told, reply(own));
      const listed = { ...own, framing: 'array' as const };
      const stream = readGeminiStream(text);
      expect(readGeminiStream(encoded(streamDialect, told, reply(listed)).text, { list: true })).toEqual(stream);
      expect(lost).toBe(0);
      const answer = collect(told);
      expect(stream.texts.get(0) ?? '').toBe(textOf(answer, 'text'));
      expect(stream.thoughts.get(0) ?? '').toBe(textOf(answer, 'reasoning'));
      expect(stream.calls).toHaveLength(answer.blocks.filter(({ head }) => head.type === 'tool-call').length);
      expect(stream.signatures).toEqual(signaturesIn(told));
      const body = String(dialect.encodeWhole(answer, reply(own)).body);
      const whole = readGeminiStream(`data: ${body}\n\n`);
      expect({ ...whole, signatures: whole.signatures.toSorted() }).toEqual({
        ...stream,
        signatures: stream.signatures.toSorted(),
      });
      const again = decoded(protocol, foreign, (decoder) => decoder.whole(body));
      // Code that ran between two texts has no place among the blocks of a whole answer.
      if (answer.natives.length === 0) expect(plain(again)).toEqual({ ...plain(told), model: 'asked-model' });
    },
  );

  test.each(streamed)('GM-03 UP-09 $file passes to a client of its own format as it came', (recording) => {
    const told = events(recording, own);
    const passage = streamDialect.passage?.({ ...reply(own), identity: identityIn(told) });
    const pieces = recording.features.includes('streamed-fn-args');
    const out: string[] = [];
    for (const frame of framesIn(bodyOf(recording), 4096)) {
      const judgement = passage?.judge(frame) ?? 'drop';
      // From here on the encoder writes.
      if (judgement === 'encode') break;
      // An identity that is missing is all that may be added where tokens are counted.
      if (typeof judgement === 'object' && recording.usage !== null)
        expect(JSON.parse(judgement.json)).toMatchObject(JSON.parse(frame.data) as object);
      if (judgement === 'pass') out.push(`data: ${lineSafe(frame.data)}\n\n`);
      else if (typeof judgement === 'object') out.push(`data: ${lineSafe(judgement.json)}\n\n`);
    }
    expect(out.length > 0).toBe(!pieces);
    if (pieces) return;
    const finish = told.at(-1);
    if (finish?.type === 'finish') out.push(passage?.closing(finish, NO_USAGE) ?? '');
    const stream = readGeminiStream(out.join(''), { passed: true });
    expect(stream.end).toBe('done');
    expect(sha(stream.texts.get(0) ?? '')).toBe(recording.text_sha256);
  });

  test.each(answersOf('gemini').filter(({ file }) => ENDLESS.test(file)))(
    'UP-08 $file has no end and is an error',
    (recording) => {
      expect(events(recording).at(-1)).toMatchObject({ type: 'error', error: { kind: 'bad_response' } });
      expect(events(recording, own).at(-1)).toMatchObject({ type: 'error' });
    },
  );

  test.each(streamed)('UP-08 FM-49 $file cut off before its last end is an error', (recording) => {
    const frames = framesIn(bodyOf(recording), 4096);
    const first = frames.findIndex(({ data }) => /"(?:finishReason|blockReason)":/.test(data));
    for (let count = 0; count <= Math.min(first, 40); count++)
      expect(decoded(protocol, foreign, streamOf(frames.slice(0, count))).at(-1)?.type).toBe('error');
  });

  test.each(errors)('GM-08 FM-51 $file is an error, and a refused credential is quoted nowhere', (recording) => {
    const body = bodyOf(recording).toString();
    const error = protocol.decodeError({ status: recording.http_status, body });
    const said = (JSON.parse(body) as { error: { message: string; status: string } }).error;
    const secret = recording.http_status === 403;
    expect(error.message.includes(said.message)).toBe(!secret);
    expect(error.raw === undefined).toBe(secret);
    const told = JSON.parse(dialect.encodeError(error).body) as { error: { code: number; status: string } };
    expect(told.error.status).toBe(secret ? 'INTERNAL' : said.status);
    expect(told.error.code).toBe(secret ? 502 : recording.http_status);
  });
});

/** An answer without its ids, which the mark of a given one makes others, and without what stands in no order. */
function plain(list: readonly Event[]): ReturnType<typeof folded> {
  const answer = folded(list);
  const blocks = answer.blocks.map((block) => ({ ...block, head: { ...block.head, id: '' } }));
  return { ...answer, blocks, natives: [], finish: { reason: answer.finish?.reason ?? 'other' } };
}

function signaturesIn(list: readonly Event[]): readonly string[] {
  return list.flatMap((event) => {
    if (event.type === 'block-end') return event.seal?.data ?? [];
    if (event.type !== 'native') return [];
    return new Peek(event.native.value).at('candidates', 0, 'content', 'parts', 0, 'thoughtSignature').text || [];
  });
}

function identityIn(list: readonly Event[]): Identity {
  const start = list.find((event) => event.type === 'start');
  if (start === undefined) throw new Error('nobody spoke');
  return { id: start.id, created: 1, model: start.model, begun: new Set(), ended: new Set(), sealed: new Set() };
}
