import { awsEvent } from './aws-frames.ts';

/** What an upstream of the tests has to say. */
export interface Saying {
  /** The text, as the pieces it is streamed in. */
  readonly text?: readonly string[];
  readonly reasoning?: readonly string[];
  readonly call?: { readonly id: string; readonly name: string; readonly args: readonly string[] };
  readonly usage?: { readonly input: number; readonly output: number };
}

/** How one text protocol puts a saying into bytes. */
export interface Wire {
  readonly stream: (saying: Saying) => string;
  readonly whole: (saying: Saying) => string;
}

function joined(pieces: readonly string[] | undefined): string {
  return (pieces ?? []).join('');
}

function named(event: { readonly type: string; readonly [key: string]: unknown }): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

interface Piece {
  readonly head: Readonly<Record<string, unknown>>;
  readonly whole: Readonly<Record<string, unknown>>;
  readonly deltas: readonly Readonly<Record<string, unknown>>[];
}

/** What a saying comes to in blocks of Messages. */
function messageBlocks({ reasoning, text, call }: Saying): readonly Piece[] {
  const blocks: Piece[] = [];
  if (reasoning !== undefined)
    blocks.push({
      head: { type: 'thinking', thinking: '', signature: '' },
      whole: { type: 'thinking', thinking: joined(reasoning), signature: 'c2lnbmVk' },
      deltas: [
        ...reasoning.map((thinking) => ({ type: 'thinking_delta', thinking })),
        { type: 'signature_delta', signature: 'c2lnbmVk' },
      ],
    });
  if (text !== undefined)
    blocks.push({
      head: { type: 'text', text: '' },
      whole: { type: 'text', text: joined(text) },
      deltas: text.map((piece) => ({ type: 'text_delta', text: piece })),
    });
  if (call !== undefined) {
    const { id, name, args } = call;
    blocks.push({
      head: { type: 'tool_use', id, name, input: {} },
      whole: { type: 'tool_use', id, name, input: JSON.parse(joined(args)) as unknown },
      deltas: args.map((piece) => ({ type: 'input_json_delta', partial_json: piece })),
    });
  }
  return blocks;
}

function messageOf(saying: Saying): Readonly<Record<string, unknown>> {
  const { input, output } = saying.usage ?? { input: 9, output: 5 };
  return {
    id: 'msg_upstream1',
    type: 'message',
    role: 'assistant',
    model: 'upstream-model',
    content: messageBlocks(saying).map(({ whole }) => whole),
    stop_reason: saying.call === undefined ? 'end_turn' : 'tool_use',
    stop_sequence: null,
    usage: { input_tokens: input, output_tokens: output },
  };
}

/** How Messages put a saying into bytes. */
export const MESSAGES_WIRE: Wire = {
  stream(saying) {
    const { stop_reason: reason, usage, ...message } = messageOf(saying);
    const blocks = messageBlocks(saying).flatMap(({ head, deltas }, index) => [
      named({ type: 'content_block_start', index, content_block: head }),
      ...deltas.map((delta) => named({ type: 'content_block_delta', index, delta })),
      named({ type: 'content_block_stop', index }),
    ]);
    const begun = { ...message, content: [], stop_reason: null, usage: { ...(usage as object), output_tokens: 1 } };
    return [
      named({ type: 'message_start', message: begun }),
      named({ type: 'ping' }),
      ...blocks,
      named({ type: 'message_delta', delta: { stop_reason: reason, stop_sequence: null }, usage }),
      named({ type: 'message_stop' }),
    ].join('');
  },
  whole: (saying) => JSON.stringify(messageOf(saying)),
};

function geminiMessage(parts: readonly unknown[], end: Readonly<Record<string, unknown>> = {}): unknown {
  const { usageMetadata, ...finish } = end;
  return {
    candidates: [{ content: { role: 'model', parts }, index: 0, ...finish }],
    ...(usageMetadata !== undefined && { usageMetadata }),
    modelVersion: 'upstream-model',
    responseId: 'upstream1',
  };
}

function geminiEnd(saying: Saying): Readonly<Record<string, unknown>> {
  const { input, output } = saying.usage ?? { input: 9, output: 5 };
  const usageMetadata = { promptTokenCount: input, candidatesTokenCount: output, totalTokenCount: input + output };
  return { finishReason: 'STOP', usageMetadata };
}

function geminiCall({ call }: Saying): readonly unknown[] {
  if (call === undefined) return [];
  return [{ functionCall: { name: call.name, args: JSON.parse(joined(call.args)) as unknown, id: call.id } }];
}

/** How Gemini puts a saying into bytes. */
export const GEMINI_WIRE: Wire = {
  stream(saying) {
    const pieces = [
      ...(saying.reasoning ?? []).map((text) => ({ text, thought: true })),
      ...(saying.text ?? []).map((text) => ({ text })),
      ...geminiCall(saying),
    ];
    const messages = [...pieces.map((part) => geminiMessage([part])), geminiMessage([{ text: '' }], geminiEnd(saying))];
    return messages.map((message) => `data: ${JSON.stringify(message)}\r\n\r\n`).join('');
  },
  whole(saying) {
    const parts = [
      ...(saying.reasoning === undefined ? [] : [{ text: joined(saying.reasoning), thought: true }]),
      ...(saying.text === undefined ? [] : [{ text: joined(saying.text) }]),
      ...geminiCall(saying),
    ];
    return JSON.stringify(geminiMessage(parts, geminiEnd(saying)));
  },
};

// A Converse stream of texts, as the messages it consists of.
function converseMessages(pieces: readonly string[]): readonly Buffer[] {
  return [
    awsEvent('messageStart', { role: 'assistant' }),
    ...pieces.map((text) => awsEvent('contentBlockDelta', { contentBlockIndex: 0, delta: { text } })),
    awsEvent('contentBlockStop', { contentBlockIndex: 0 }),
    awsEvent('messageStop', { stopReason: 'end_turn' }),
    awsEvent('metadata', { usage: { inputTokens: 9, outputTokens: 5, totalTokens: 14 }, metrics: { latencyMs: 1 } }),
  ];
}

/** A Converse stream of texts, cut behind the message of each piece. */
export function converseSteps(pieces: readonly string[]): readonly Buffer[] {
  const [start = Buffer.alloc(0), first = Buffer.alloc(0), ...rest] = converseMessages(pieces);
  const more = rest.slice(0, pieces.length - 1);
  return [Buffer.concat([start, first]), ...more, Buffer.concat(rest.slice(pieces.length - 1))];
}
