import { COST } from './mind.ts';
import type { Ask, Said, Written } from './mind.ts';

const PROMPT_USAGE = {
  input_tokens: COST.input,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: COST.cached,
};
const USAGE = {
  ...PROMPT_USAGE,
  output_tokens: COST.output + COST.reasoning,
  output_tokens_details: { thinking_tokens: COST.reasoning },
};

function messageOf(said: Said, ask: Ask): Readonly<Record<string, unknown>> {
  const { calls } = said;
  return {
    model: ask.body.at('model').text,
    id: `msg_brain${said.number}`,
    type: 'message',
    role: 'assistant',
    content: [
      ...(said.seal === undefined
        ? []
        : [{ type: 'thinking', thinking: said.thoughts.join(''), signature: said.seal }]),
      ...(said.text.length === 0 ? [] : [{ type: 'text', text: said.text.join('') }]),
      ...calls.map(({ id, name, args }) => ({
        type: 'tool_use',
        id,
        name,
        input: JSON.parse(args.join('')) as unknown,
      })),
    ],
    stop_reason: calls.length === 0 ? 'end_turn' : 'tool_use',
    stop_sequence: null,
    usage: USAGE,
  };
}

/** Writes a turn, streamed or whole. */
export function writeMessage(said: Said, ask: Ask): Written {
  return said.wish.stream ? stream(said, ask) : whole(said, ask);
}

function whole(said: Said, ask: Ask): Written {
  return { type: 'application/json', body: JSON.stringify(messageOf(said, ask)) };
}

type Frame = Readonly<Record<string, unknown>>;

function stream(said: Said, ask: Ask): Written {
  const { calls, thoughts, seal } = said;
  const blocks: (readonly [head: Frame, deltas: readonly Frame[]])[] = [];
  if (seal !== undefined)
    blocks.push([
      { type: 'thinking', thinking: '', signature: '' },
      [
        ...thoughts.map((thinking) => ({ type: 'thinking_delta', thinking })),
        { type: 'signature_delta', signature: seal },
      ],
    ]);
  if (said.text.length > 0)
    blocks.push([{ type: 'text', text: '' }, said.text.map((text) => ({ type: 'text_delta', text }))]);
  for (const { id, name, args } of calls)
    blocks.push([
      { type: 'tool_use', id, name, input: {} },
      ['', ...args].map((piece) => ({ type: 'input_json_delta', partial_json: piece })),
    ]);
  const { stop_reason: reason, ...head } = messageOf(said, ask);
  const message = { ...head, content: [], stop_reason: null, usage: { ...PROMPT_USAGE, output_tokens: 1 } };
  const frames: Frame[] = [
    { type: 'message_start', message },
    ...blocks.flatMap(([content_block, deltas], index) => [
      { type: 'content_block_start', index, content_block },
      ...(index === 0 ? [{ type: 'ping' }] : []),
      ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
      { type: 'content_block_stop', index },
    ]),
    { type: 'message_delta', delta: { stop_reason: reason, stop_sequence: null }, usage: USAGE },
    { type: 'message_stop' },
  ];
  // Real ones are padded with blanks behind the JSON.
  const body = frames.map((frame) => `event: ${String(frame['type'])}\ndata: ${JSON.stringify(frame)}   \n\n`).join('');
  return { type: 'text/event-stream; charset=utf-8', body };
}
