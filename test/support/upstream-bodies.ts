import { AWS_TYPE } from './aws-frames.ts';
import { GEMINI_WIRE, MESSAGES_WIRE, converseSteps } from './upstream-bodies-other.ts';
import type { Saying, Wire } from './upstream-bodies-other.ts';
import type { TextDialect } from './text-requests.ts';

const COMMON = { id: 'upstream-1', created: 1_700_000_000, model: 'upstream-model' };

function data(value: unknown): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}

type WireEvent = { readonly type: string; readonly [key: string]: unknown };

function named(event: WireEvent): string {
  return `event: ${event.type}\n${data(event)}`;
}

function joined(pieces: readonly string[] | undefined): string {
  return (pieces ?? []).join('');
}

function choiceUsage({ usage = { input: 9, output: 5 } }: Saying): Readonly<Record<string, number>> {
  return { prompt_tokens: usage.input, completion_tokens: usage.output, total_tokens: usage.input + usage.output };
}

const chat: Wire = {
  stream(saying) {
    const chunk = (delta: unknown, finish: string | null = null): string =>
      data({ ...COMMON, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }] });
    const { call } = saying;
    return [
      chunk({ role: 'assistant', content: '' }),
      ...(saying.reasoning ?? []).map((piece) => chunk({ reasoning_content: piece })),
      ...(saying.text ?? []).map((piece) => chunk({ content: piece })),
      ...(call === undefined
        ? []
        : [
            chunk({
              tool_calls: [{ index: 0, id: call.id, type: 'function', function: { name: call.name, arguments: '' } }],
            }),
          ]),
      ...(call?.args ?? []).map((piece) => chunk({ tool_calls: [{ index: 0, function: { arguments: piece } }] })),
      chunk({}, call === undefined ? 'stop' : 'tool_calls'),
      data({ ...COMMON, object: 'chat.completion.chunk', choices: [], usage: choiceUsage(saying) }),
      'data: [DONE]\n\n',
    ].join('');
  },
  whole(saying) {
    const { call } = saying;
    const message = {
      role: 'assistant',
      content: saying.text === undefined ? null : joined(saying.text),
      ...(saying.reasoning !== undefined && { reasoning_content: joined(saying.reasoning) }),
      ...(call !== undefined && {
        tool_calls: [{ id: call.id, type: 'function', function: { name: call.name, arguments: joined(call.args) } }],
      }),
    };
    const choices = [{ index: 0, message, finish_reason: call === undefined ? 'stop' : 'tool_calls' }];
    return JSON.stringify({ ...COMMON, object: 'chat.completion', choices, usage: choiceUsage(saying) });
  },
};

const completions: Wire = {
  stream(saying) {
    const chunk = (text: string, finish: string | null = null): string =>
      data({
        ...COMMON,
        object: 'text_completion',
        choices: [{ index: 0, text, logprobs: null, finish_reason: finish }],
      });
    const usage = data({ ...COMMON, object: 'text_completion', choices: [], usage: choiceUsage(saying) });
    return [...(saying.text ?? []).map((piece) => chunk(piece)), chunk('', 'stop'), usage, 'data: [DONE]\n\n'].join('');
  },
  whole(saying) {
    const choices = [{ index: 0, text: joined(saying.text), logprobs: null, finish_reason: 'stop' }];
    return JSON.stringify({ ...COMMON, object: 'text_completion', choices, usage: choiceUsage(saying) });
  },
};

function responseObject(saying: Saying, status: string): Readonly<Record<string, unknown>> {
  const { input, output } = saying.usage ?? { input: 9, output: 5 };
  const usage = {
    input_tokens: input,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: input + output,
  };
  const done = status === 'completed';
  const base = {
    id: 'resp_upstream1',
    object: 'response',
    created_at: 1_700_000_000,
    model: 'upstream-model',
    error: null,
    incomplete_details: null,
  };
  return { ...base, status, output: done ? itemsOf(saying) : [], usage: done ? usage : null };
}

function itemsOf(saying: Saying): readonly Readonly<Record<string, unknown>>[] {
  const { call } = saying;
  const part = { type: 'output_text', text: joined(saying.text), annotations: [], logprobs: [] };
  return [
    ...(saying.reasoning === undefined
      ? []
      : [{ id: 'rs_1', type: 'reasoning', summary: [{ type: 'summary_text', text: joined(saying.reasoning) }] }]),
    ...(saying.text === undefined
      ? []
      : [{ id: 'msg_1', type: 'message', role: 'assistant', status: 'completed', content: [part] }]),
    ...(call === undefined
      ? []
      : [
          {
            id: 'fc_1',
            type: 'function_call',
            status: 'completed',
            call_id: call.id,
            name: call.name,
            arguments: joined(call.args),
          },
        ]),
  ];
}

const responses: Wire = {
  stream(saying) {
    const events: WireEvent[] = [
      { type: 'response.created', response: responseObject(saying, 'in_progress') },
      { type: 'response.in_progress', response: responseObject(saying, 'in_progress') },
    ];
    for (const [at, item] of itemsOf(saying).entries()) events.push(...itemEvents(saying, item, at));
    events.push({ type: 'response.completed', response: responseObject(saying, 'completed') });
    return events.map((event, index) => named({ ...event, sequence_number: index })).join('');
  },
  whole: (saying) => JSON.stringify(responseObject(saying, 'completed')),
};

function itemEvents(saying: Saying, item: Readonly<Record<string, unknown>>, at: number): readonly WireEvent[] {
  const place = { item_id: item['id'], output_index: at };
  const done = { type: 'response.output_item.done', output_index: at, item };
  const added = (empty: Readonly<Record<string, unknown>>): WireEvent => ({
    type: 'response.output_item.added',
    output_index: at,
    item: { ...item, ...empty },
  });
  if (item['type'] === 'message') {
    const part = { type: 'output_text', text: '', annotations: [], logprobs: [] };
    const text = joined(saying.text);
    const inside = { ...place, content_index: 0 };
    return [
      added({ status: 'in_progress', content: [] }),
      { type: 'response.content_part.added', ...inside, part },
      ...(saying.text ?? []).map((delta) => ({ type: 'response.output_text.delta', ...inside, delta, logprobs: [] })),
      { type: 'response.output_text.done', ...inside, text, logprobs: [] },
      { type: 'response.content_part.done', ...inside, part: { ...part, text } },
      done,
    ];
  }
  if (item['type'] === 'reasoning') {
    const inside = { ...place, summary_index: 0 };
    const text = joined(saying.reasoning);
    return [
      added({ summary: [] }),
      { type: 'response.reasoning_summary_part.added', ...inside, part: { type: 'summary_text', text: '' } },
      ...(saying.reasoning ?? []).map((delta) => ({ type: 'response.reasoning_summary_text.delta', ...inside, delta })),
      { type: 'response.reasoning_summary_text.done', ...inside, text },
      { type: 'response.reasoning_summary_part.done', ...inside, part: { type: 'summary_text', text } },
      done,
    ];
  }
  return [
    added({ status: 'in_progress', arguments: '' }),
    ...(saying.call?.args ?? []).map((delta) => ({ type: 'response.function_call_arguments.delta', ...place, delta })),
    {
      type: 'response.function_call_arguments.done',
      ...place,
      arguments: joined(saying.call?.args),
      name: saying.call?.name,
    },
    done,
  ];
}

/** The text protocols whose bodies are text. */
export const WIRES: Readonly<Record<TextDialect, Wire>> = {
  'openai-chat': chat,
  'openai-responses': responses,
  'openai-completions': completions,
  'anthropic-messages': MESSAGES_WIRE,
  gemini: GEMINI_WIRE,
};

/** A streamed text of any protocol, cut behind the event of each piece, and the headers it comes with. */
export interface TextSteps {
  readonly steps: readonly Buffer[];
  readonly headers: Readonly<Record<string, string>>;
}

/** A streamed text as an upstream of a protocol writes it. */
export function textSteps(protocol: TextDialect | 'bedrock-converse', pieces: readonly string[]): TextSteps {
  if (protocol === 'bedrock-converse') return { steps: converseSteps(pieces), headers: AWS_TYPE };
  const body = WIRES[protocol].stream({ text: pieces });
  return {
    steps: stepsOf(body, pieces).map((step) => Buffer.from(step)),
    headers: { 'content-type': 'text/event-stream' },
  };
}

/** A stream of events cut behind the one of each piece. */
export function stepsOf(body: string, marks: readonly string[]): readonly string[] {
  const end = body.includes('\r\n\r\n') ? '\r\n\r\n' : '\n\n';
  const steps: string[] = [];
  let from = 0;
  for (const mark of marks) {
    const to = body.indexOf(end, body.indexOf(mark, from)) + end.length;
    steps.push(body.slice(from, to));
    from = to;
  }
  return [...steps, body.slice(from)];
}

/** A transcription in pieces, as an event stream. */
export function transcriptStream(pieces: readonly string[]): string {
  const usage = {
    type: 'tokens',
    input_tokens: 14,
    input_token_details: { text_tokens: 0, audio_tokens: 14 },
    output_tokens: 5,
    total_tokens: 19,
  };
  return [
    ...pieces.map((delta) => data({ type: 'transcript.text.delta', delta })),
    data({ type: 'transcript.text.done', text: pieces.join(''), usage }),
    'data: [DONE]\n\n',
  ].join('');
}

/** A sound in pieces, as an event stream. */
export function speechStream(pieces: readonly Uint8Array[]): string {
  return [
    ...pieces.map((piece) => data({ type: 'speech.audio.delta', audio: Buffer.from(piece).toString('base64') })),
    data({ type: 'speech.audio.done', usage: { input_tokens: 14, output_tokens: 101, total_tokens: 115 } }),
    'data: [DONE]\n\n',
  ].join('');
}
