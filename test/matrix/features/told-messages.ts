import { Peek } from '../../support/peek.ts';
import { is } from './heard.ts';
import { CALLS, SAID, TEXT } from './tell.ts';
import { counts, joined, nowhere, ownId } from './told.ts';
import type { Reading } from './told.ts';

const blocks = (answer: Peek, type: string): readonly Peek[] =>
  answer.at('content').list.filter((block) => block.at('type').value === type);
const calls = (answer: Peek): Peek =>
  new Peek(
    blocks(answer, 'tool_use').map((block) => ({
      id: ownId(block.at('id').text),
      name: block.at('name').text,
      args: JSON.stringify(block.at('input').value),
    })),
  );
const textOf = (answer: Peek): string => joined(blocks(answer, 'text'), 'text');

function foldBlock(open: Peek, deltas: readonly Peek[]): unknown {
  const input = joined(deltas, 'partial_json');
  return {
    ...(open.value as object),
    text: open.at('text').text + joined(deltas, 'text'),
    thinking: open.at('thinking').text + joined(deltas, 'thinking'),
    signature: open.at('signature').text + joined(deltas, 'signature'),
    citations: deltas.flatMap((delta) => (delta.at('citation').given ? [delta.at('citation').value] : [])),
    ...(input !== '' && { input: JSON.parse(input) as unknown }),
  };
}

/** What a client of Messages reads. */
export const MESSAGES_READING: Reading = {
  fold(events) {
    const opens = events.filter((event) => event.at('type').value === 'content_block_start');
    const content = opens.map((open) => {
      const mine = events.filter(
        (event) => event.at('type').value === 'content_block_delta' && is(event.at('index'), open.at('index').value),
      );
      return foldBlock(
        open.at('content_block'),
        mine.map((event) => event.at('delta')),
      );
    });
    const start = events.find((event) => event.at('type').value === 'message_start')?.at('message', 'usage');
    const end = events.find((event) => event.at('type').value === 'message_delta');
    return {
      content,
      ...(end?.at('delta').value as object),
      usage: { ...(start?.value as object), ...(end?.at('usage').value as object) },
    };
  },
  finds: {
    text: (answer) => textOf(answer) === TEXT,
    refusal: (answer) => textOf(answer) === SAID.refusal.join(''),
    'tool-calls': (answer) => is(calls(answer), CALLS.slice(0, 1)),
    'parallel-tool-calls': (answer) => is(calls(answer), CALLS),
    'empty-arguments': (answer) => is(blocks(answer, 'tool_use')[0]?.at('input') ?? calls(answer), {}),
    'reasoning-text': (answer) =>
      joined(blocks(answer, 'thinking'), 'thinking') === SAID.thoughts.join('') && textOf(answer) === TEXT,
    seals: nowhere('redacted_thinking'),
    citations: (answer) => {
      const cited = blocks(answer, 'text')[0]?.at('citations', 0);
      return cited !== undefined && is(cited.at('url'), SAID.url) && is(cited.at('title'), SAID.title);
    },
    usage: (answer) => {
      const usage = answer.at('usage');
      const inputs = ['input_tokens', 'cache_read_input_tokens', 'cache_creation_input_tokens'];
      const input = inputs.reduce((sum, key) => sum + (usage.at(key).number ?? 0), 0);
      return counts(input, usage.at('output_tokens').number);
    },
    'cache-tokens': (answer) => is(answer.at('usage', 'cache_read_input_tokens'), SAID.usage.cacheRead),
    'reasoning-tokens': (answer) =>
      is(answer.at('usage', 'output_tokens_details', 'thinking_tokens'), SAID.usage.reasoning),
    'stop-echo': (answer) => is(answer.at('stop_reason'), 'stop_sequence') && is(answer.at('stop_sequence'), SAID.stop),
    'token-logprobs': nowhere('logprob'),
    'several-choices': (answer) => SAID.others.every((text) => nowhere(text)(answer)),
    'finish-unknown': (answer) => textOf(answer) === TEXT && answer.at('stop_reason').text.endsWith(SAID.unknown),
    'server-tool-items': (answer) => blocks(answer, 'server_tool_use').length > 0,
    'audio-output': nowhere(SAID.sound),
    'image-output': nowhere(SAID.picture),
  },
};
