import { CALLS, SAID, TEXT } from './tell.ts';
import type { Tale, Tales } from './tell.ts';

type Keys = Readonly<Record<string, unknown>>;

const { usage } = SAID;
const COUNTS = {
  input_tokens: usage.input,
  input_tokens_details: { cached_tokens: usage.cacheRead, cache_write_tokens: usage.cacheWrite },
  output_tokens: usage.output,
  output_tokens_details: { reasoning_tokens: usage.reasoning },
  total_tokens: usage.input + usage.output,
};

/** One item: what it comes to, how it opens, and the events between. */
interface Item {
  readonly whole: Keys;
  readonly open: Keys;
  readonly events: readonly (readonly [type: string, more: Keys])[];
}

function response(output: readonly Keys[], more: Keys): Keys {
  const base = { id: 'resp_1', object: 'response', created_at: 1_767_225_600, model: 'model' };
  return { ...base, error: null, incomplete_details: null, output, ...more };
}

function tale(items: readonly Item[], end: Keys = { status: 'completed' }): Tale {
  const begun = response([], { status: 'in_progress', usage: null });
  const done = response(
    items.map(({ whole }) => whole),
    { ...end, usage: COUNTS },
  );
  const events: (readonly [string, Keys])[] = [
    ['response.created', { response: begun }],
    ['response.in_progress', { response: begun }],
    ...items.flatMap(({ whole, open, events: inner }, at) => [
      ['response.output_item.added', { output_index: at, item: { ...whole, ...open } }] as const,
      ...inner.map(([type, more]) => [type, { item_id: whole['id'], output_index: at, ...more }] as const),
      ['response.output_item.done', { output_index: at, item: whole }] as const,
    ]),
    [`response.${String(end['status'])}`, { response: done }],
  ];
  const stream = events.map(([type, more], index) => {
    const json = JSON.stringify({ type, sequence_number: index, ...more });
    return `event: ${type}\ndata: ${json}\n\n`;
  });
  return { type: 'text/event-stream', stream: stream.join(''), whole: JSON.stringify(done) };
}

/** A message of one part, which comes in pieces. */
function message(
  part: Keys,
  kind: 'output_text' | 'refusal',
  pieces: readonly Keys[],
  marks: readonly Keys[] = [],
): Item {
  const key = kind === 'refusal' ? 'refusal' : 'text';
  const at = { content_index: 0 };
  const empty = { ...part, [key]: '', ...(kind === 'output_text' && { annotations: [], logprobs: [] }) };
  return {
    whole: { id: 'msg_1', type: 'message', role: 'assistant', status: 'completed', content: [part] },
    open: { status: 'in_progress', content: [] },
    events: [
      ['response.content_part.added', { ...at, part: empty }],
      ...pieces.map((piece) => [`response.${kind}.delta`, { ...at, ...piece }] as const),
      ...marks.map((annotation, index) => {
        const place = { annotation_index: index, annotation };
        return ['response.output_text.annotation.added', { ...at, ...place }] as const;
      }),
      [`response.${kind}.done`, { ...at, [key]: part[key], ...(kind === 'output_text' && { logprobs: [] }) }],
      ['response.content_part.done', { ...at, part }],
    ],
  };
}

const textPart = { type: 'output_text', text: TEXT, annotations: [], logprobs: [] };
const deltas = SAID.text.map((delta) => ({ delta, logprobs: [] }));
const text = message(textPart, 'output_text', deltas);
const citation = { type: 'url_citation', url: SAID.url, title: SAID.title, start_index: 0, end_index: 5 };

function call(index: number, args: readonly string[]): Item {
  const { id, name } = CALLS[index] ?? {};
  const whole = { id: `fc_${index}`, type: 'function_call', status: 'completed', call_id: id, name };
  return {
    whole: { ...whole, arguments: args.join('') },
    open: { status: 'in_progress', arguments: '' },
    events: [
      ...args.map((delta) => ['response.function_call_arguments.delta', { delta }] as const),
      ['response.function_call_arguments.done', { arguments: args.join(''), name }],
    ],
  };
}

const summary = { type: 'summary_text', text: SAID.thoughts.join('') };
const thought: Item = {
  whole: { id: 'rs_1', type: 'reasoning', summary: [summary] },
  open: { summary: [] },
  events: [
    ['response.reasoning_summary_part.added', { summary_index: 0, part: { type: 'summary_text', text: '' } }],
    ...SAID.thoughts.map((delta) => ['response.reasoning_summary_text.delta', { summary_index: 0, delta }] as const),
    ['response.reasoning_summary_text.done', { summary_index: 0, text: summary.text }],
    ['response.reasoning_summary_part.done', { summary_index: 0, part: summary }],
  ],
};
const search: Item = {
  whole: { id: 'ws_1', type: 'web_search_call', status: 'completed', action: { type: 'search', query: 'mark' } },
  open: { status: 'in_progress' },
  events: [
    ['response.web_search_call.in_progress', {}],
    ['response.web_search_call.completed', {}],
  ],
};
const tokens = SAID.logprobs.map((each) => ({ ...each, top_logprobs: [] }));
const spoken = SAID.logprobs.map(({ token }) => token).join('');

/** Two calls whose arguments come by turns. */
function interleaved(): Tale {
  const [one, two] = SAID.calls.map(({ args }, index) => call(index, args));
  const both = tale([one, two].flatMap((each) => each ?? []));
  const events = String(both.stream).split(/(?<=\n\n)/);
  const isSecond = (each: string): boolean => each.includes('"output_index":1') && !each.includes('item.done');
  const opened = events.filter(isSecond);
  const rest = events.filter((each) => !isSecond(each));
  const first = rest.findIndex((each) => each.includes('arguments.delta'));
  return { ...both, stream: [...rest.slice(0, first + 1), ...opened, ...rest.slice(first + 1)].join('') };
}

/** What an upstream of the Responses format tells. */
export const RESPONSES_TALES: Tales = {
  text: [tale([text])],
  refusal: [
    tale([
      message(
        { type: 'refusal', refusal: SAID.refusal.join('') },
        'refusal',
        SAID.refusal.map((delta) => ({ delta })),
      ),
    ]),
  ],
  'tool-calls': [tale([call(0, SAID.calls[0].args)])],
  'parallel-tool-calls': [interleaved()],
  'empty-arguments': [tale([call(0, [])])],
  'reasoning-text': [tale([thought, text])],
  citations: [tale([message({ ...textPart, annotations: [citation] }, 'output_text', deltas, [citation])])],
  usage: [tale([text])],
  'cache-tokens': [tale([text])],
  'reasoning-tokens': [tale([text])],
  'token-logprobs': [
    tale([
      message(
        { ...textPart, text: spoken, logprobs: tokens },
        'output_text',
        tokens.map((each) => ({ delta: each.token, logprobs: [each] })),
      ),
    ]),
  ],
  'finish-unknown': [tale([text], { status: 'incomplete', incomplete_details: { reason: SAID.unknown } })],
  'server-tool-items': [tale([search, text])],
};
