import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { collect } from '../../src/model/completion.ts';
import { grandTotal, inputTotal, outputTotal } from '../../src/model/usage.ts';
import { Peek } from '../support/peek.ts';
import { answersOf, bodyOf, haveRecordings, recordings } from '../support/recordings.ts';
import type { Recording } from '../support/recordings.ts';
import type { Event } from '../../src/model/event.ts';
import { dialect } from '../../src/protocols/openai-responses/index.ts';
import { folded } from './exchange.ts';
import { ASKS_ALL, decodeText, decodeWhole, finalOf, replyTo, written } from './openai-responses-bench.ts';

// A background answer that is still queued, and four responses in one file: covered by the tests below.
const UNLIKE_INDEX = [
  'openai-responses/openai-dotnet__ResponsesTests_CanCancelBackgroundResponses.json',
  'openai-responses/vercel-ai__openai_responses_openai-reasoning-encrypted-content.1.sse',
];
const all = answersOf('openai-responses');
const answers = all.filter(({ file }) => !UNLIKE_INDEX.includes(file));
const failures = recordings().filter(
  ({ wire, protocol, http_status: status }) => wire === 'openai-responses' && protocol === 'errors' && status === 200,
);

const sha = (text: string): string | null => (text === '' ? null : createHash('sha256').update(text).digest('hex'));

function read(recording: Recording): Event[] {
  const body = bodyOf(recording).toString();
  return recording.streaming ? decodeText(`${body}\n\n`) : decodeWhole(body);
}

function textOf(events: readonly Event[], ...kinds: readonly string[]): string {
  return folded(events)
    .blocks.filter(({ head }) => kinds.includes(head.type))
    .map(({ text }) => text)
    .join('');
}

describe.skipIf(!haveRecordings)('recorded responses', () => {
  test.each(answers)('FM-08 FM-10 UP-08 $file decodes to what it says', (recording) => {
    const events = read(recording);
    const { blocks, finish } = folded(events);
    expect(sha(textOf(events, 'text'))).toBe(recording.text_sha256);
    expect(sha(textOf(events, 'refusal'))).toBe(recording.refusal_sha256);
    expect(sha(textOf(events, 'reasoning', 'reasoning-summary'))).toBe(recording.reasoning_sha256);
    const calls = blocks.flatMap(({ head, text }) =>
      head.type === 'tool-call' ? [{ name: head.name, id: head.id, args: sha(text) }] : [],
    );
    expect(calls).toEqual(recording.tool_calls.map(({ name, id, args_sha256: args }) => ({ name, id, args })));
    // One body names no status; its terminal event does.
    expect(finish?.raw).toBe(recording.finish_reason[0] ?? 'completed');
    const usage = events.findLast((event) => event.type === 'usage')?.usage;
    expect(usage?.raw).toEqual(recording.usage ?? undefined);
    if (usage !== undefined && recording.usage !== null) {
      expect(inputTotal(usage)).toBe(recording.usage['input_tokens']);
      // Reasoning larger than the output is counted beside it.
      expect([outputTotal(usage), outputTotal(usage) - usage.reasoning]).toContain(recording.usage['output_tokens']);
      expect(grandTotal(usage)).toBe(recording.usage['total_tokens']);
    }
  });

  test.each(answers)(
    'OR-04 OR-05 OR-19 OR-22 OR-28 $file written keeps the grammar, and streamed equals whole',
    (recording) => {
      const events = read(recording);
      const { lost, events: payloads, text } = written(events);
      expect(lost).toBe(0);
      const whole: unknown = JSON.parse(dialect.encodeWhole(collect(events), replyTo()).body.toString());
      expect(whole).toEqual(finalOf(payloads).value);
      expect(spoken(decodeText(text))).toEqual(spoken(events));
    },
  );

  test('FM-03 what is not finished, or goes on after its end, is told apart', () => {
    const ends = UNLIKE_INDEX.map((file) => read(all.find((each) => each.file === file) ?? expect.fail(file)).at(-1));
    expect(ends).toMatchObject([{ type: 'error' }, { type: 'finish', reason: 'tool-calls' }]);
  });

  test.each(failures)('FM-05 $file is an error with the code of the upstream', (recording) => {
    const end = read(recording).at(-1);
    expect(end?.type === 'error' && end.error.code).toMatch(/^(rate_limit_exceeded|insufficient_quota)$/);
    expect(end?.type === 'error' && end.error.kind).toBe('rate_limited');
  });

  test.each(answers)('UP-11 two readings of $file give the same bytes', (recording) => {
    expect(written(read(recording), replyTo(ASKS_ALL)).text).toBe(written(read(recording), replyTo(ASKS_ALL)).text);
  });
});

// What a reader gets of events: ids may be ours, and an annotation without title or place has an empty one.
function spoken(events: readonly Event[]): unknown {
  const { blocks, usage, finish, natives } = folded(events);
  return {
    blocks: blocks.map(({ head, itemId: _id, ...rest }: (typeof blocks)[number] & { itemId?: string }) => ({
      type: head.type,
      ...(head.type === 'tool-call' && { name: head.name, id: head.id }),
      ...rest,
      annotations: rest.annotations.map((each) =>
        each.type === 'url' ? { title: '', start: 0, end: 0, ...each } : each,
      ),
    })),
    usage,
    finish,
    items: natives.filter(({ value }) => new Peek(value).at('type').text === 'response.output_item.done').length,
  };
}
