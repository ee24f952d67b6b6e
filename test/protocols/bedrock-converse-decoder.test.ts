import { describe, expect, test } from 'vitest';
import { AwsReader } from '../../src/framing/aws-reader.ts';
import { collect } from '../../src/model/completion.ts';
import type { Completion } from '../../src/model/completion.ts';
import type { Event } from '../../src/model/event.ts';
import { grandTotal, inputTotal } from '../../src/model/usage.ts';
import { protocol } from '../../src/protocols/bedrock-converse/index.ts';
import { dialect } from '../../src/protocols/openai-chat/index.ts';
import { awsError, awsEvent, awsException } from '../support/aws-frames.ts';
import { decoded, target } from './exchange.ts';

const request = dialect.decodeRequest({ model: 'm', messages: [{ role: 'user', content: 'hi' }] });

const START = awsEvent('messageStart', { role: 'assistant' });
const text = (delta: string, contentBlockIndex = 0): Buffer =>
  awsEvent('contentBlockDelta', { delta: { text: delta }, contentBlockIndex });
const reasoning = (reasoningContent: unknown, contentBlockIndex = 0): Buffer =>
  awsEvent('contentBlockDelta', { delta: { reasoningContent }, contentBlockIndex });
const stopBlock = (contentBlockIndex = 0): Buffer => awsEvent('contentBlockStop', { contentBlockIndex });
const stop = (stopReason: string): Buffer => awsEvent('messageStop', { stopReason });
const metadata = (usage?: unknown): Buffer =>
  awsEvent('metadata', { metrics: { latencyMs: 1 }, ...(usage !== undefined && { usage }) });
const USAGE = { inputTokens: 5, outputTokens: 3, totalTokens: 8 };
const SAID = [START, text('Hi'), stopBlock()];

/** The events of a stream, and the phase after each of its messages. */
function stream(messages: readonly Uint8Array[]): {
  readonly events: readonly Event[];
  readonly phases: readonly string[];
} {
  const phases: string[] = [];
  const events = decoded(protocol, request, (decoder) => {
    const reader = new AwsReader((frame) => decoder.push(frame), { eventBytes: 1 << 20 });
    for (const message of messages) {
      reader.push(message);
      phases.push(decoder.phase);
    }
    decoder.end();
  });
  return { events, phases };
}

const answerTo = (messages: readonly Uint8Array[]): Completion => collect(stream(messages).events);
const whole = (body: unknown): Completion =>
  collect(decoded(protocol, request, (decoder) => decoder.whole(JSON.stringify(body)), target(false)));

describe('the end of an answer', () => {
  test.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop-sequence'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'context-full'],
    ['tool_use', 'stop'],
    ['content_filtered', 'filter'],
    ['guardrail_intervened', 'filter'],
    ['a_new_reason', 'other'],
  ])('%s is %s, and its own word is kept', (raw, reason) => {
    expect(answerTo([...SAID, stop(raw), metadata(USAGE)]).finish).toEqual({ reason, raw });
    expect(whole({ output: { message: { content: [{ text: 'Hi' }] } }, stopReason: raw, usage: USAGE }).finish).toEqual(
      {
        reason,
        raw,
      },
    );
  });

  test.each(['malformed_model_output', 'malformed_tool_use'])('%s is an error after its usage', (raw) => {
    const answer = answerTo([...SAID, stop(raw), metadata(USAGE)]);
    expect(answer.error).toMatchObject({ kind: 'bad_response', message: expect.stringContaining(raw) as string });
    expect(answer.usage?.output).toBe(3);
  });

  test('UP-08 it is finished with its stop reason and closed with its usage', () => {
    const { phases, events } = stream([...SAID, stop('end_turn'), metadata(USAGE), text('late')]);
    expect(phases).toEqual(['open', 'open', 'open', 'finished', 'closed', 'closed']);
    expect(events.map(({ type }) => type)).toEqual([
      'start',
      'block-start',
      'text-delta',
      'block-end',
      'usage',
      'finish',
    ]);
  });

  test('UP-08 a message without a stop reason is no answer', () => {
    expect(answerTo([...SAID, awsEvent('messageStop', {}), metadata(USAGE)]).error?.kind).toBe('bad_response');
    expect(whole({ output: { message: { content: [{ text: 'Hi' }] } } }).error?.kind).toBe('bad_response');
  });

  test('FM-26 metadata without usage takes nothing away from what was told before', () => {
    const answer = answerTo([START, metadata(USAGE), text('Hi'), stop('end_turn'), metadata()]);
    expect(answer).toMatchObject({ usage: { input: 5, output: 3 }, finish: { reason: 'stop' } });
    const zeros = { inputTokens: 0, outputTokens: 0, totalTokens: 0 };
    expect(answerTo([START, metadata(USAGE), ...SAID, stop('end_turn'), metadata(zeros)]).usage).toMatchObject({
      input: 5,
    });
    const silent = stream([...SAID, stop('end_turn'), metadata()]);
    expect(silent.phases.at(-1)).toBe('finished');
    expect(collect(silent.events)).toMatchObject({ finish: { reason: 'stop' } });
    expect(collect(silent.events).usage).toBeUndefined();
  });

  test('a failure behind the stop reason costs only usage', () => {
    const late = awsException('internalServerException', { message: 'M' });
    expect(answerTo([...SAID, stop('end_turn'), late])).toMatchObject({ finish: { reason: 'stop' } });
  });
});

describe('usage', () => {
  test('input leaves the cache out and the total has it', () => {
    const figures = {
      inputTokens: 6,
      cacheReadInputTokens: 14_922,
      cacheWriteInputTokens: 10,
      outputTokens: 3,
      totalTokens: 14_941,
    };
    const { usage } = answerTo([...SAID, stop('end_turn'), metadata(figures)]);
    expect(usage).toEqual({
      input: 6,
      cacheRead: 14_922,
      cacheWrite: 10,
      audioInput: 0,
      output: 3,
      reasoning: 0,
      audioOutput: 0,
      raw: figures,
    });
    expect(usage && [inputTotal(usage), grandTotal(usage)]).toEqual([14_938, 14_941]);
  });

  test('a total that is not the sum is kept, and impossible figures are clamped and marked', () => {
    const differs = answerTo([...SAID, stop('end_turn'), metadata({ ...USAGE, totalTokens: 100 })]);
    expect(differs.usage?.total).toBe(100);
    const wrong = answerTo([
      ...SAID,
      stop('end_turn'),
      metadata({ inputTokens: -1, outputTokens: '7', totalTokens: 1e12 }),
    ]);
    expect(wrong.usage).toMatchObject({ input: 0, output: 7, suspect: true });
    expect(wrong.usage?.total).toBeUndefined();
    expect(answerTo([...SAID, stop('end_turn'), metadata({})]).usage).toBeUndefined();
  });
});

describe('exceptions', () => {
  test.each([
    ['throttlingException', 'rate_limited'],
    ['modelStreamErrorException', 'bad_response'],
    ['validationException', 'client_error'],
    ['serviceUnavailableException', 'overloaded'],
    ['internalServerException', 'bad_response'],
    ['modelTimeoutException', 'timeout'],
  ])('FM-26 %s is %s, first or later', (name, kind) => {
    const exception = awsException(name, { message: 'What it said.' });
    const first = stream([exception]).events;
    expect(first).toMatchObject([{ type: 'error', error: { kind, message: 'What it said.' } }]);
    const later = answerTo([...SAID, metadata(USAGE), exception, stop('end_turn')]);
    expect(later).toMatchObject({ error: { kind }, usage: { input: 5 }, blocks: [{ text: 'Hi' }] });
    expect(later.finish).toBeUndefined();
  });

  test('FM-26 a refused credential is told without what was said of it', () => {
    const { error } = answerTo([awsException('accessDeniedException', { message: 'key AKIDEXAMPLE is wrong' })]);
    expect(error?.kind).toBe('upstream_auth');
    expect(JSON.stringify(error)).not.toContain('AKID');
  });

  test('FM-26 an error that no exception models is one', () => {
    expect(answerTo([...SAID, awsError('InternalFailure', 'Gone.')]).error).toMatchObject({ message: 'Gone.' });
  });

  test('FM-04 a whole body that tells of an error is one', () => {
    expect(whole({ message: 'Something else' }).error).toMatchObject({
      kind: 'bad_response',
      message: 'Something else',
    });
    const unknown = whole({ Output: { __type: 'com.amazon.coral.service#UnknownOperationException' }, Version: '1.0' });
    expect(unknown.error?.kind).toBe('bad_response');
    expect(whole({ __type: 'ThrottlingException', message: 'M' }).error?.kind).toBe('rate_limited');
  });
});

describe('blocks', () => {
  test('reasoning is sealed by its signature, hidden reasoning by itself, byte for byte', () => {
    const hidden = Buffer.from('hidden').toString('base64');
    const { blocks } = answerTo([
      START,
      reasoning({ text: 'Let me' }),
      reasoning({ signature: 'Ab+/' }),
      reasoning({ signature: 'Cd==' }),
      stopBlock(),
      reasoning({ redactedContent: hidden }, 1),
      stopBlock(1),
      reasoning({ redactedContent: 'aGlk' }, 2),
      reasoning({ redactedContent: 'ZGVu' }, 2),
      stopBlock(2),
      stop('end_turn'),
    ]);
    expect(blocks.map(({ head, text: said, seal }) => [head.type, said, seal?.protocol, seal?.data])).toEqual([
      ['reasoning', 'Let me', 'bedrock-converse', 'Ab+/Cd=='],
      ['reasoning', '', 'bedrock-converse', `redacted:${hidden}`],
      ['reasoning', '', 'bedrock-converse', 'redacted:aGlkZGVu'],
    ]);
  });

  test('blocks that overlap stay apart, and one that changes its kind is two', () => {
    const call = (contentBlockIndex: number, toolUseId: string): Buffer =>
      awsEvent('contentBlockStart', { start: { toolUse: { toolUseId, name: 'f' } }, contentBlockIndex });
    const input = (contentBlockIndex: number, json: string): Buffer =>
      awsEvent('contentBlockDelta', { delta: { toolUse: { input: json } }, contentBlockIndex });
    const { blocks } = answerTo([
      START,
      reasoning({ text: 'thought' }),
      text('said'),
      call(1, 'a'),
      call(2, 'a'),
      input(1, '{"x":'),
      input(2, '{}'),
      input(1, '1}'),
      stop('tool_use'),
    ]);
    expect(blocks.map(({ head, text: said }) => [head.type, said])).toEqual([
      ['reasoning', 'thought'],
      ['text', 'said'],
      ['tool-call', '{"x":1}'],
      ['tool-call', '{}'],
    ]);
    const ids = blocks.flatMap(({ head }) => (head.type === 'tool-call' ? [head.id] : []));
    expect(ids[0]).toBe('a');
    expect(ids[1]).not.toBe('a');
  });

  test('FM-13 a call without arguments has the empty object; numbers of a whole call keep their digits', () => {
    const toolUse = { toolUseId: 'a', name: 'f' };
    const begun = awsEvent('contentBlockStart', { start: { toolUse }, contentBlockIndex: 0 });
    expect(answerTo([START, begun, stopBlock(), stop('tool_use')])).toMatchObject({
      blocks: [{ text: '{}' }],
      finish: { reason: 'tool-calls' },
    });
    const body =
      '{"output":{"message":{"content":[{"toolUse":{"toolUseId":"a","name":"f","input":{"n":2512292042121000001,"x":1.0}}}]}},"stopReason":"tool_use"}';
    const [block] = collect(decoded(protocol, request, (decoder) => decoder.whole(body))).blocks;
    expect(block?.text).toBe('{"n":2512292042121000001,"x":1.0}');
  });

  test('a call without a name, or input without a call, is an error', () => {
    const nameless = awsEvent('contentBlockStart', { start: { toolUse: { toolUseId: 'a' } }, contentBlockIndex: 0 });
    expect(answerTo([START, nameless, stop('tool_use')]).error?.message).toMatch(/without naming/);
    const loose = awsEvent('contentBlockDelta', { delta: { toolUse: { input: '{}' } }, contentBlockIndex: 0 });
    expect(answerTo([...SAID, loose, stop('tool_use')]).error?.message).toMatch(/did not begin/);
  });

  test('what is added to the format later is no reason to stop', () => {
    const answer = answerTo([
      START,
      awsEvent('somethingNew', { a: 1 }),
      awsEvent('contentBlockDelta', { delta: { hologram: 'x' }, contentBlockIndex: 4 }),
      text('Hi'),
      stop('end_turn'),
    ]);
    expect(answer).toMatchObject({ blocks: [{ text: 'Hi' }], finish: { reason: 'stop' } });
  });
});
