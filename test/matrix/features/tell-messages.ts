import { CALLS, SAID, TEXT } from './tell.ts';
import type { Tale, Tales } from './tell.ts';

type Keys = Readonly<Record<string, unknown>>;

const { usage } = SAID;
const COUNTS = {
  input_tokens: usage.input - usage.cacheRead - usage.cacheWrite,
  cache_read_input_tokens: usage.cacheRead,
  cache_creation_input_tokens: usage.cacheWrite,
  output_tokens: usage.output,
  output_tokens_details: { thinking_tokens: usage.reasoning },
};
const INPUTS = { ...COUNTS, output_tokens: 1, output_tokens_details: { thinking_tokens: 0 } };
const SAME = { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude' };

/** One block: its opener, its deltas, and what it comes to. */
interface Part {
  readonly open: Keys;
  readonly deltas: readonly Keys[];
  readonly whole: Keys;
}

/** How the counts are placed. */
interface Counted {
  readonly start: Keys;
  readonly delta: Keys;
}

function event(type: string, more: Keys): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;
}

function tale(
  parts: readonly Part[],
  end: Keys = { stop_reason: 'end_turn', stop_sequence: null },
  counted: Counted = { start: INPUTS, delta: COUNTS },
): Tale {
  const start = { ...SAME, content: [], stop_reason: null, stop_sequence: null, usage: counted.start };
  const stream = [
    event('message_start', { message: start }),
    event('ping', {}),
    ...parts.flatMap(({ open, deltas }, index) => [
      event('content_block_start', { index, content_block: open }),
      ...deltas.map((delta) => event('content_block_delta', { index, delta })),
      event('content_block_stop', { index }),
    ]),
    event('message_delta', { delta: end, usage: counted.delta }),
    event('message_stop', {}),
  ];
  const whole = { ...SAME, content: parts.map((part) => part.whole), ...end, usage: COUNTS };
  return { type: 'text/event-stream', stream: stream.join(''), whole: JSON.stringify(whole) };
}

const text: Part = {
  open: { type: 'text', text: '' },
  deltas: SAID.text.map((piece) => ({ type: 'text_delta', text: piece })),
  whole: { type: 'text', text: TEXT },
};
const citation = {
  type: 'web_search_result_location',
  url: SAID.url,
  title: SAID.title,
  cited_text: 'Hello',
  encrypted_index: 'Eo8BCioIAhgB',
};
const cited: Part = {
  open: { type: 'text', text: '', citations: [] },
  deltas: [...text.deltas, { type: 'citations_delta', citation }],
  whole: { type: 'text', text: TEXT, citations: [citation] },
};
const thought: Part = {
  open: { type: 'thinking', thinking: '', signature: '' },
  deltas: [
    ...SAID.thoughts.map((thinking) => ({ type: 'thinking_delta', thinking })),
    { type: 'signature_delta', signature: 'c2lnbmF0dXJl' },
  ],
  whole: { type: 'thinking', thinking: SAID.thoughts.join(''), signature: 'c2lnbmF0dXJl' },
};

function call(index: number): Part {
  const { id = '', name = '', args = '{}' } = CALLS[index] ?? {};
  return {
    open: { type: 'tool_use', id, name, input: {} },
    deltas: (SAID.calls[index]?.args ?? []).map((piece) => ({ type: 'input_json_delta', partial_json: piece })),
    whole: { type: 'tool_use', id, name, input: JSON.parse(args) as unknown },
  };
}

const bare: Part = {
  open: { type: 'tool_use', id: CALLS[0]?.id, name: CALLS[0]?.name, input: {} },
  deltas: [{ type: 'input_json_delta', partial_json: '' }],
  whole: { type: 'tool_use', id: CALLS[0]?.id, name: CALLS[0]?.name, input: {} },
};
const search: Part = {
  open: { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: {} },
  deltas: [{ type: 'input_json_delta', partial_json: '{"query":"mark"}' }],
  whole: { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'mark' } },
};
const found = {
  type: 'web_search_tool_result',
  tool_use_id: 'srvtoolu_1',
  content: [{ type: 'web_search_result', url: SAID.url, title: SAID.title, encrypted_content: 'EqgfCioIARgB' }],
};
const plain = tale([text]);
const CALLED = { stop_reason: 'tool_use', stop_sequence: null };
const NOUGHT = { input_tokens: 0, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 };

/** What an upstream of Messages tells. */
export const MESSAGES_TALES: Tales = {
  text: [plain],
  'tool-calls': [tale([call(0)], CALLED)],
  'parallel-tool-calls': [tale([call(0), call(1)], CALLED)],
  'empty-arguments': [tale([bare], CALLED), tale([{ ...bare, deltas: [] }], CALLED)],
  'reasoning-text': [tale([thought, text])],
  citations: [tale([cited])],
  usage: [
    plain,
    // At the end alone; the input at the beginning alone; noughts at the end, which count for nothing.
    tale([text], undefined, { start: { input_tokens: 0, output_tokens: 0 }, delta: COUNTS }),
    tale([text], undefined, {
      start: INPUTS,
      delta: { output_tokens: COUNTS.output_tokens, output_tokens_details: COUNTS.output_tokens_details },
    }),
    tale([text], undefined, { start: INPUTS, delta: { ...COUNTS, ...NOUGHT } }),
  ],
  'cache-tokens': [plain],
  'reasoning-tokens': [plain],
  'stop-echo': [tale([text], { stop_reason: 'stop_sequence', stop_sequence: SAID.stop })],
  'finish-unknown': [tale([text], { stop_reason: SAID.unknown, stop_sequence: null })],
  'server-tool-items': [tale([search, { open: found, deltas: [], whole: found }, text])],
};
