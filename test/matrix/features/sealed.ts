import { awsEvent } from '../../support/aws-frames.ts';
import type { Peek } from '../../support/peek.ts';
import type { TextProtocol } from '../cells.ts';
import type { Tale } from './tell.ts';
import { SAID } from './tell.ts';
import type { Body } from './values.ts';
import { TOOLS } from './values.ts';

/** Seals as makers write them: long, with the letters that URLs have not, and none a part of another. */
export const SEALS: Readonly<Record<'thought' | 'hidden' | 'call', string>> = {
  thought: `EuYBCkQYBC${'Ab+/'.repeat(60)}thought=`,
  hidden: `EmwKAhgBEg${'9z/+'.repeat(50)}hidden==`,
  call: `CikBjz1rX2${'q8+/'.repeat(40)}call`,
};

/** An answer that thinks under seal and calls a tool, which seals it holds, and what must come back of it. */
export interface SealedTale {
  readonly tale: Tale;
  /** Seals of thoughts; a dialect carries them or loses them. */
  readonly thoughts: readonly string[];
  /** Seals of the call itself. */
  readonly calls: readonly string[];
  /** Whether the thought stands before its seal in a request of the protocol, word for word. */
  readonly thoughtIn: (request: Peek) => boolean;
}

const THOUGHT = SAID.thoughts.join('');
const ARGS = '{"city":"Zürich"}';
const INPUT: unknown = JSON.parse(ARGS);
const NAME = TOOLS[0].name;

function named(type: string, more: Body): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;
}

function data(value: unknown): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}

function stands(...values: readonly unknown[]): (request: Peek) => boolean {
  return (request) => {
    const text = JSON.stringify(request.value);
    return values.every((value) => text.includes(JSON.stringify(value)));
  };
}

function messages(): SealedTale {
  const id = 'toolu_mess1';
  const usage = { input_tokens: 9, output_tokens: 40 };
  const thinking = { type: 'thinking', thinking: THOUGHT, signature: SEALS.thought };
  const redacted = { type: 'redacted_thinking', data: SEALS.hidden };
  const call = { type: 'tool_use', id, name: NAME, input: INPUT };
  const base = { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude' };
  const stop = { stop_reason: 'tool_use', stop_sequence: null };
  const deltas: readonly (readonly [Body, readonly Body[]])[] = [
    [
      { type: 'thinking', thinking: '', signature: '' },
      [
        ...SAID.thoughts.map((piece) => ({ type: 'thinking_delta', thinking: piece })),
        { type: 'signature_delta', signature: SEALS.thought },
      ],
    ],
    [redacted, []],
    [{ ...call, input: {} }, [{ type: 'input_json_delta', partial_json: ARGS }]],
  ];
  const stream = [
    named('message_start', { message: { ...base, content: [], stop_reason: null, usage } }),
    ...deltas.flatMap(([open, pieces], index) => [
      named('content_block_start', { index, content_block: open }),
      ...pieces.map((delta) => named('content_block_delta', { index, delta })),
      named('content_block_stop', { index }),
    ]),
    named('message_delta', { delta: stop, usage }),
    named('message_stop', {}),
  ].join('');
  const whole = JSON.stringify({ ...base, content: [thinking, redacted, call], ...stop, usage });
  return {
    tale: { type: 'text/event-stream', stream, whole },
    thoughts: [SEALS.thought, SEALS.hidden],
    calls: [],
    thoughtIn: stands(thinking, redacted),
  };
}

function responses(): SealedTale {
  const callId = 'call_resp1';
  const summary = [{ type: 'summary_text', text: THOUGHT }];
  const thought = { id: 'rs_1', type: 'reasoning', summary, encrypted_content: SEALS.thought };
  const call = { id: 'fc_1', type: 'function_call', status: 'completed', call_id: callId, name: NAME, arguments: ARGS };
  const usage = { input_tokens: 9, output_tokens: 40, total_tokens: 49 };
  const base = { id: 'resp_1', object: 'response', created_at: 1_767_225_600, model: 'model', error: null };
  const done = { ...base, status: 'completed', output: [thought, call], usage };
  const at = { item_id: 'rs_1', output_index: 0, summary_index: 0 };
  const stream = [
    named('response.created', { response: { ...base, status: 'in_progress', output: [] } }),
    named('response.output_item.added', {
      output_index: 0,
      item: { ...thought, summary: [], encrypted_content: SEALS.call },
    }),
    named('response.reasoning_summary_part.added', { ...at, part: { type: 'summary_text', text: '' } }),
    ...SAID.thoughts.map((delta) => named('response.reasoning_summary_text.delta', { ...at, delta })),
    named('response.reasoning_summary_text.done', { ...at, text: THOUGHT }),
    named('response.reasoning_summary_part.done', { ...at, part: summary[0] }),
    // The token at the end is another than the one at the beginning, and is the one that counts.
    named('response.output_item.done', { output_index: 0, item: thought }),
    named('response.output_item.added', {
      output_index: 1,
      item: { ...call, status: 'in_progress', arguments: '' },
    }),
    named('response.function_call_arguments.delta', { item_id: 'fc_1', output_index: 1, delta: ARGS }),
    named('response.function_call_arguments.done', { item_id: 'fc_1', output_index: 1, arguments: ARGS }),
    named('response.output_item.done', { output_index: 1, item: call }),
    named('response.completed', { response: done }),
  ].join('');
  return {
    tale: { type: 'text/event-stream', stream, whole: JSON.stringify(done) },
    thoughts: [SEALS.thought],
    calls: [],
    thoughtIn: stands({ type: 'reasoning', summary, encrypted_content: SEALS.thought }.encrypted_content),
  };
}

function gemini(): SealedTale {
  const id = 'call_gem1';
  const parts = [
    ...SAID.thoughts.map((text) => ({ text, thought: true })),
    { functionCall: { id, name: NAME, args: INPUT }, thoughtSignature: SEALS.call },
  ];
  const same = { modelVersion: 'gemini', responseId: 'r1' };
  const counts = { promptTokenCount: 9, candidatesTokenCount: 40, totalTokenCount: 49 };
  const message = (list: readonly unknown[], end: Body = {}, more: Body = {}): Body => ({
    candidates: [{ content: { role: 'model', parts: list }, index: 0, ...end }],
    ...more,
    ...same,
  });
  const end = { finishReason: 'STOP' };
  const stream = [
    ...parts.map((part) => data(message([part]))),
    data(message([{ text: '' }], end, { usageMetadata: counts })),
  ].join('');
  return {
    tale: { type: 'text/event-stream', stream, whole: JSON.stringify(message(parts, end, { usageMetadata: counts })) },
    thoughts: [],
    calls: [SEALS.call],
    thoughtIn: () => true,
  };
}

function converse(): SealedTale {
  const id = 'tooluse_conv1';
  const thought = { reasoningContent: { reasoningText: { text: THOUGHT, signature: SEALS.thought } } };
  const hidden = { reasoningContent: { redactedContent: SEALS.hidden } };
  const call = { toolUse: { toolUseId: id, name: NAME, input: INPUT } };
  const usage = { inputTokens: 9, outputTokens: 40, totalTokens: 49 };
  const blocks: readonly (readonly Body[])[] = [
    [
      ...SAID.thoughts.map((text) => ({ reasoningContent: { text } })),
      { reasoningContent: { signature: SEALS.thought } },
    ],
    [hidden],
    [{ toolUse: { input: ARGS } }],
  ];
  const stream = [
    awsEvent('messageStart', { role: 'assistant' }),
    ...blocks.flatMap((deltas, contentBlockIndex) => [
      ...(contentBlockIndex < 2
        ? []
        : [awsEvent('contentBlockStart', { contentBlockIndex, start: { toolUse: { toolUseId: id, name: NAME } } })]),
      ...deltas.map((delta) => awsEvent('contentBlockDelta', { contentBlockIndex, delta })),
      awsEvent('contentBlockStop', { contentBlockIndex }),
    ]),
    awsEvent('messageStop', { stopReason: 'tool_use' }),
    awsEvent('metadata', { usage, metrics: { latencyMs: 7 } }),
  ];
  const message = { role: 'assistant', content: [thought, hidden, call] };
  return {
    tale: {
      type: 'application/vnd.amazon.eventstream',
      stream: Buffer.concat(stream),
      whole: JSON.stringify({ output: { message }, stopReason: 'tool_use', usage, metrics: { latencyMs: 7 } }),
    },
    thoughts: [SEALS.thought, SEALS.hidden],
    calls: [],
    thoughtIn: stands(thought, hidden),
  };
}

function chat(): SealedTale {
  const id = 'call_chat1';
  const details = [
    { type: 'reasoning.text', text: THOUGHT, signature: SEALS.thought, format: 'anthropic-claude-v1', index: 0 },
    { type: 'reasoning.encrypted', data: SEALS.hidden, format: 'anthropic-claude-v1', index: 1 },
  ];
  const extra = { google: { thought_signature: SEALS.call } };
  const call = { id, type: 'function', function: { name: NAME, arguments: ARGS }, extra_content: extra };
  const base = { id: 'chatcmpl-1', created: 1_767_225_600, model: 'model' };
  const usage = { prompt_tokens: 9, completion_tokens: 40, total_tokens: 49 };
  const chunk = (delta: Body, finish: string | null = null): string =>
    data({ ...base, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }] });
  const stream = [
    chunk({ role: 'assistant', content: '' }),
    ...SAID.thoughts.map((text) => chunk({ reasoning_content: text })),
    chunk({ reasoning_content: '', reasoning_details: details }),
    chunk({ tool_calls: [{ index: 0, ...call }] }),
    chunk({}, 'tool_calls'),
    data({ ...base, object: 'chat.completion.chunk', choices: [], usage }),
    'data: [DONE]\n\n',
  ].join('');
  const message = { role: 'assistant', content: null, reasoning_content: THOUGHT, reasoning_details: details };
  const choices = [{ index: 0, message: { ...message, tool_calls: [call] }, finish_reason: 'tool_calls' }];
  return {
    tale: {
      type: 'text/event-stream',
      stream,
      whole: JSON.stringify({ ...base, object: 'chat.completion', choices, usage }),
    },
    thoughts: [SEALS.thought, SEALS.hidden],
    calls: [SEALS.call],
    thoughtIn: stands(SEALS.thought, SEALS.hidden),
  };
}

/** A sealed answer of every protocol that has seals. */
export const SEALED: Readonly<Partial<Record<TextProtocol, SealedTale>>> = {
  'anthropic-messages': messages(),
  'openai-responses': responses(),
  gemini: gemini(),
  'bedrock-converse': converse(),
  'openai-chat': chat(),
};
