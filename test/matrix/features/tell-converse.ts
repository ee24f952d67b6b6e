import { awsEvent } from '../../support/aws-frames.ts';
import { CALLS, SAID, TEXT } from './tell.ts';
import type { Tale, Tales } from './tell.ts';

type Keys = Readonly<Record<string, unknown>>;

const { usage } = SAID;
const COUNTS = {
  inputTokens: usage.input - usage.cacheRead - usage.cacheWrite,
  cacheReadInputTokens: usage.cacheRead,
  cacheWriteInputTokens: usage.cacheWrite,
  outputTokens: usage.output,
  totalTokens: usage.input + usage.output,
};

/** One block: its opener, where it has one, its deltas, and what it comes to. */
interface Part {
  readonly open?: Keys;
  readonly deltas: readonly Keys[];
  readonly whole: Keys;
}

function block(part: Part, index: number): readonly Buffer[] {
  const open = part.open === undefined ? [] : [{ contentBlockIndex: index, start: part.open }];
  return [
    ...open.map((each) => awsEvent('contentBlockStart', each)),
    ...part.deltas.map((delta) => awsEvent('contentBlockDelta', { contentBlockIndex: index, delta })),
    awsEvent('contentBlockStop', { contentBlockIndex: index }),
  ];
}

function tale(parts: readonly Part[], reason = 'end_turn', more: Keys = {}, blocks = parts.map(block)): Tale {
  const stream = [
    awsEvent('messageStart', { role: 'assistant' }),
    ...blocks.flat(),
    awsEvent('messageStop', { stopReason: reason, ...more }),
    awsEvent('metadata', { usage: COUNTS, metrics: { latencyMs: 7 } }),
  ];
  const whole = {
    output: { message: { role: 'assistant', content: parts.map((part) => part.whole) } },
    stopReason: reason,
    ...more,
    usage: COUNTS,
    metrics: { latencyMs: 7 },
  };
  return {
    type: 'application/vnd.amazon.eventstream',
    stream: Buffer.concat(stream),
    whole: JSON.stringify(whole),
  };
}

const text: Part = { deltas: SAID.text.map((piece) => ({ text: piece })), whole: { text: TEXT } };
const plain = tale([text]);

function call(index: number): Part {
  const { id = '', name = '', args = '{}' } = CALLS[index] ?? {};
  return {
    open: { toolUse: { toolUseId: id, name } },
    deltas: (SAID.calls[index]?.args ?? []).map((input) => ({ toolUse: { input } })),
    whole: { toolUse: { toolUseId: id, name, input: JSON.parse(args) as unknown } },
  };
}

const bare: Part = {
  open: { toolUse: { toolUseId: CALLS[0]?.id, name: CALLS[0]?.name } },
  deltas: [],
  whole: { toolUse: { toolUseId: CALLS[0]?.id, name: CALLS[0]?.name, input: {} } },
};
const signature = 'c2lnbmF0dXJl';
const thought: Part = {
  deltas: [
    ...SAID.thoughts.map((piece) => ({ reasoningContent: { text: piece } })),
    { reasoningContent: { signature } },
  ],
  whole: { reasoningContent: { reasoningText: { text: SAID.thoughts.join(''), signature } } },
};
const citation = { title: SAID.title, location: { web: { url: SAID.url } }, sourceContent: [{ text: 'Hello' }] };
const cited: Part = {
  deltas: [...text.deltas, { citation }],
  whole: { citationsContent: { content: [{ text: TEXT }], citations: [citation] } },
};
const run = { toolUseId: 'tooluse_s', name: 'nova_code_interpreter', type: 'server_tool_use' };
const server: Part = {
  open: { toolUse: run },
  deltas: [{ toolUse: { input: '{"snippet":"mark"}' } }],
  whole: { toolUse: { ...run, input: { snippet: 'mark' } } },
};
const image: Part = {
  open: { image: { format: 'png' } },
  deltas: [{ image: { source: { bytes: SAID.picture } } }],
  whole: { image: { format: 'png', source: { bytes: SAID.picture } } },
};

/** What an upstream of Converse tells. */
export const CONVERSE_TALES: Tales = {
  text: [plain],
  'tool-calls': [tale([call(0)], 'tool_use')],
  'parallel-tool-calls': [tale([call(0), call(1)], 'tool_use')],
  'empty-arguments': [tale([bare], 'tool_use')],
  'reasoning-text': [tale([thought, text])],
  citations: [tale([cited])],
  usage: [plain],
  'cache-tokens': [plain],
  'stop-echo': [
    tale([text], 'stop_sequence', { additionalModelResponseFields: { delta: { stop_sequence: SAID.stop } } }),
  ],
  'finish-unknown': [tale([text], SAID.unknown)],
  'server-tool-items': [tale([server, text])],
  'image-output': [tale([text, image])],
};
