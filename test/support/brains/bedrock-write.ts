import { AWS_TYPE, awsEvent } from '../aws-frames.ts';
import { COST } from './mind.ts';
import type { Said, Written } from './mind.ts';

const USAGE = {
  inputTokens: COST.input,
  outputTokens: COST.output + COST.reasoning,
  totalTokens: COST.total,
  cacheReadInputTokens: COST.cached,
  cacheWriteInputTokens: 0,
};

/** Writes a turn, streamed or whole. */
export function writeConverse(said: Said): Written {
  return said.wish.stream ? stream(said) : whole(said);
}

function whole(said: Said): Written {
  const { calls } = said;
  const content = [
    ...(said.seal === undefined
      ? []
      : [{ reasoningContent: { reasoningText: { text: said.thoughts.join(''), signature: said.seal } } }]),
    ...(said.text.length === 0 ? [] : [{ text: said.text.join('') }]),
    ...calls.map(({ id, name, args }) => ({
      toolUse: { toolUseId: id, name, input: JSON.parse(args.join('')) as unknown },
    })),
  ];
  const body = {
    metrics: { latencyMs: 411 },
    output: { message: { role: 'assistant', content } },
    stopReason: calls.length === 0 ? 'end_turn' : 'tool_use',
    usage: USAGE,
  };
  return { type: 'application/json', body: JSON.stringify(body) };
}

type Payload = Readonly<Record<string, unknown>>;

function stream(said: Said): Written {
  const { calls, thoughts, seal } = said;
  const events: (readonly [type: string, payload: Payload])[] = [['messageStart', { role: 'assistant' }]];
  let index = -1;
  const delta = (value: Payload): void =>
    void events.push(['contentBlockDelta', { contentBlockIndex: index, delta: value }]);
  const block = (fill: () => void): void => {
    index += 1;
    fill();
    events.push(['contentBlockStop', { contentBlockIndex: index }]);
  };
  if (seal !== undefined)
    block(() => {
      for (const text of thoughts) delta({ reasoningContent: { text } });
      delta({ reasoningContent: { signature: seal } });
    });
  if (said.text.length > 0)
    block(() => {
      for (const text of said.text) delta({ text });
    });
  for (const { id, name, args } of calls)
    block(() => {
      const start = { toolUse: { toolUseId: id, name } };
      events.push(['contentBlockStart', { contentBlockIndex: index, start }]);
      for (const input of args) delta({ toolUse: { input } });
    });
  events.push(['messageStop', { stopReason: calls.length === 0 ? 'end_turn' : 'tool_use' }]);
  events.push(['metadata', { metrics: { latencyMs: 411 }, usage: USAGE }]);
  // Real payloads are padded to hide how long they are.
  const frames = events.map(([type, payload], at) =>
    awsEvent(type, { ...payload, p: 'abcdefghijklm'.slice(0, at % 13) }),
  );
  return { type: AWS_TYPE['content-type'] ?? '', body: Buffer.concat(frames) };
}
