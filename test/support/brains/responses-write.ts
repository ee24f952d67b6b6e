import { COST } from './mind.ts';
import type { Ask, Said, Written } from './mind.ts';

type Item = Readonly<Record<string, unknown>>;

/** The number of the turn that an item's id was made for. */
export function numberOf(id: string): number {
  return Number(/_brain(\d+)$/.exec(id)?.[1]);
}

/** The items of a turn, as they stand in a finished response. */
export function itemsOf(said: Said, { body }: Ask): readonly Item[] {
  const { calls, number } = said;
  const encrypted = body.at('include').list.some((each) => each.text === 'reasoning.encrypted_content');
  const summary = said.thoughts.length === 0 ? [] : [{ type: 'summary_text', text: said.thoughts.join('') }];
  const items: Item[] = [];
  if (said.seal !== undefined)
    items.push({
      id: `rs_brain${number}`,
      type: 'reasoning',
      summary,
      ...(encrypted && { encrypted_content: said.seal }),
    });
  for (const [at, call] of calls.entries())
    items.push({
      id: `fc_${at}_brain${number}`,
      type: 'function_call',
      status: 'completed',
      arguments: call.args.join(''),
      call_id: call.id,
      name: call.name,
    });
  if (said.text.length > 0)
    items.push({
      id: `msg_brain${number}`,
      type: 'message',
      status: 'completed',
      content: [{ type: 'output_text', annotations: [], logprobs: [], text: said.text.join('') }],
      role: 'assistant',
    });
  return items;
}

/** Writes a turn, streamed or whole. */
export function writeResponse(said: Said, ask: Ask): Written {
  const items = itemsOf(said, ask);
  if (!said.wish.stream)
    return { type: 'application/json', body: JSON.stringify(responseOf(said, ask, 'completed', items)) };
  const events: Item[] = [
    { type: 'response.created', response: responseOf(said, ask, 'in_progress', []) },
    { type: 'response.in_progress', response: responseOf(said, ask, 'in_progress', []) },
    ...items.flatMap((item, at) => eventsOf(said, item, at)),
    { type: 'response.completed', response: responseOf(said, ask, 'completed', items) },
  ];
  const lines = events.map(
    (event, at) => `event: ${String(event['type'])}\ndata: ${JSON.stringify({ ...event, sequence_number: at })}\n\n`,
  );
  return { type: 'text/event-stream; charset=utf-8', body: lines.join('') };
}

const USAGE = {
  input_tokens: COST.input + COST.cached,
  input_tokens_details: { cached_tokens: COST.cached },
  output_tokens: COST.output + COST.reasoning,
  output_tokens_details: { reasoning_tokens: COST.reasoning },
  total_tokens: COST.total,
};

function responseOf(said: Said, { body }: Ask, status: string, output: readonly Item[]): Item {
  const done = status === 'completed';
  return {
    id: `resp_brain${said.number}`,
    object: 'response',
    created_at: 1_790_000_000,
    status,
    background: false,
    completed_at: done ? 1_790_000_001 : null,
    error: null,
    incomplete_details: null,
    instructions: body.at('instructions').value ?? null,
    max_output_tokens: null,
    model: 'brain',
    output,
    parallel_tool_calls: true,
    previous_response_id: body.at('previous_response_id').value ?? null,
    reasoning: body.at('reasoning').value ?? { effort: null, summary: null },
    store: body.at('store').value !== false,
    temperature: 1,
    text: { format: { type: 'text' }, verbosity: 'medium' },
    tool_choice: 'auto',
    tools: body.at('tools').value ?? [],
    top_p: 1,
    truncation: 'disabled',
    usage: done ? USAGE : null,
    user: null,
    metadata: {},
  };
}

function eventsOf(said: Said, item: Item, at: number): readonly Item[] {
  const place = { item_id: item['id'], output_index: at };
  const done: Item = { type: 'response.output_item.done', output_index: at, item };
  const added = (empty: Item): Item => ({
    type: 'response.output_item.added',
    output_index: at,
    item: { ...item, ...empty },
  });
  const call = said.calls.find(({ id }) => id === item['call_id']);
  switch (item['type']) {
    case 'reasoning':
      return [added({ summary: [] }), ...summaryEvents(said, place), done];
    case 'function_call':
      return [
        added({ status: 'in_progress', arguments: '' }),
        ...(call?.args ?? []).map((delta) => ({
          type: 'response.function_call_arguments.delta',
          ...place,
          delta,
          obfuscation: 'x1',
        })),
        { type: 'response.function_call_arguments.done', ...place, arguments: call?.args.join('') },
        done,
      ];
    default:
      return [added({ status: 'in_progress', content: [] }), ...textEvents(said, place), done];
  }
}

function summaryEvents({ thoughts }: Said, place: Item): readonly Item[] {
  if (thoughts.length === 0) return [];
  const inside = { ...place, summary_index: 0 };
  const text = thoughts.join('');
  return [
    { type: 'response.reasoning_summary_part.added', ...inside, part: { type: 'summary_text', text: '' } },
    ...thoughts.map((delta) => ({
      type: 'response.reasoning_summary_text.delta',
      ...inside,
      delta,
      obfuscation: 'a2b',
    })),
    { type: 'response.reasoning_summary_text.done', ...inside, text },
    { type: 'response.reasoning_summary_part.done', ...inside, part: { type: 'summary_text', text } },
  ];
}

function textEvents(said: Said, place: Item): readonly Item[] {
  const inside = { ...place, content_index: 0 };
  const part = { type: 'output_text', annotations: [], logprobs: [] };
  const text = said.text.join('');
  return [
    { type: 'response.content_part.added', ...inside, part: { ...part, text: '' } },
    ...said.text.map((delta) => ({ type: 'response.output_text.delta', ...inside, delta, logprobs: [] })),
    { type: 'response.output_text.done', ...inside, text, logprobs: [] },
    { type: 'response.content_part.done', ...inside, part: { ...part, text } },
  ];
}
