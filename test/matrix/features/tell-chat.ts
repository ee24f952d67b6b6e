import { CALLS, SAID, TEXT } from './tell.ts';
import type { Tale, Tales } from './tell.ts';

type Keys = Readonly<Record<string, unknown>>;

const { usage } = SAID;
const COUNTS = {
  prompt_tokens: usage.input,
  completion_tokens: usage.output,
  total_tokens: usage.input + usage.output,
  prompt_tokens_details: { cached_tokens: usage.cacheRead, cache_write_tokens: usage.cacheWrite },
  completion_tokens_details: { reasoning_tokens: usage.reasoning },
};
const SAME = { id: 'chatcmpl-1', created: 1_767_225_600, model: 'model' };

/** One event of a stream. */
function data(value: unknown): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}

/** How an answer is put together. */
interface Answer {
  /** Deltas of the first choice, with further keys of the choice. */
  readonly deltas: readonly (readonly [delta: Keys, more?: Keys])[];
  readonly message: Keys;
  readonly finish?: string;
  /** Further keys of the choice that ends. */
  readonly end?: Keys;
  /** Further keys of the whole choice. */
  readonly choice?: Keys;
  readonly counts?: Keys;
}

function chunk(choices: readonly Keys[], more: Keys = {}): string {
  return data({ ...SAME, object: 'chat.completion.chunk', choices, ...more });
}

function tale({ deltas, message, finish = 'stop', end = {}, choice = {}, counts = COUNTS }: Answer): Tale {
  const stream = [
    chunk([{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }]),
    ...deltas.map(([delta, more]) => chunk([{ index: 0, delta, finish_reason: null, ...more }])),
    chunk([{ index: 0, delta: {}, finish_reason: finish, ...end }]),
    chunk([], { usage: counts }),
    'data: [DONE]\n\n',
  ];
  const whole = {
    ...SAME,
    object: 'chat.completion',
    choices: [
      { index: 0, message: { role: 'assistant', content: null, ...message }, finish_reason: finish, ...end, ...choice },
    ],
    usage: counts,
  };
  return { type: 'text/event-stream', stream: stream.join(''), whole: JSON.stringify(whole) };
}

const plain = tale({ deltas: SAID.text.map((content) => [{ content }]), message: { content: TEXT } });

const opener = (index: number): Keys => {
  const call = CALLS[index];
  return { tool_calls: [{ index, id: call?.id, type: 'function', function: { name: call?.name, arguments: '' } }] };
};
const piece = (index: number, at: number): Keys => ({
  tool_calls: [{ index, function: { arguments: SAID.calls[index]?.args[at] } }],
});
const wholeCalls = CALLS.map(({ id, name, args }) => ({ id, type: 'function', function: { name, arguments: args } }));

/** The plain text, with the counts where some upstreams have them. */
function counted(usages: readonly (Keys | undefined)[], own?: Keys): Tale {
  const [first, second, third, finish] = usages;
  const at = (counts: Keys | undefined): Keys => (counts === undefined ? {} : { usage: counts });
  const texts = [first, second, third].map((counts, index) =>
    chunk([{ index: 0, delta: { content: SAID.text[index] }, finish_reason: null }], at(counts)),
  );
  const end = chunk([{ index: 0, delta: {}, finish_reason: 'stop' }], at(finish));
  const last = own === undefined ? '' : chunk([], { usage: own });
  return { ...plain, stream: `${texts.join('')}${end}${last}data: [DONE]\n\n` };
}

const partly = (output: number): Keys => ({
  ...COUNTS,
  completion_tokens: output,
  total_tokens: 100 + output,
  completion_tokens_details: { reasoning_tokens: 1 },
});
// Some count reasoning beside the completion; the total tells.
const BESIDE = { ...COUNTS, completion_tokens: usage.output - usage.reasoning };
const NOUGHT = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
const citation = {
  type: 'url_citation',
  url_citation: { url: SAID.url, title: SAID.title, start_index: 0, end_index: 5 },
};
const called = { deltas: [], message: {}, finish: 'tool_calls' };

function several(): Tale {
  const stream = SAID.others.map((content, index) =>
    chunk([{ index, delta: { role: 'assistant', content }, finish_reason: null }]),
  );
  const ends = SAID.others.map((_, index) => chunk([{ index, delta: {}, finish_reason: 'stop' }]));
  const choices = SAID.others.map((content, index) => ({
    index,
    message: { role: 'assistant', content },
    finish_reason: 'stop',
  }));
  return {
    type: 'text/event-stream',
    stream: `${[...stream, ...ends].join('')}${chunk([], { usage: COUNTS })}data: [DONE]\n\n`,
    whole: JSON.stringify({ ...SAME, object: 'chat.completion', choices, usage: COUNTS }),
  };
}

/** What a chat upstream tells. */
export const CHAT_TALES: Tales = {
  text: [plain],
  refusal: [
    tale({ deltas: SAID.refusal.map((refusal) => [{ refusal }]), message: { refusal: SAID.refusal.join('') } }),
  ],
  'tool-calls': [
    tale({ ...called, deltas: [[opener(0)], [piece(0, 0)], [piece(0, 1)]], message: { tool_calls: [wholeCalls[0]] } }),
  ],
  'parallel-tool-calls': [
    tale({
      ...called,
      deltas: [[opener(0)], [opener(1)], [piece(0, 0)], [piece(1, 0)], [piece(1, 1)], [piece(0, 1)]],
      message: { tool_calls: wholeCalls },
    }),
  ],
  'empty-arguments': [
    tale({
      ...called,
      deltas: [[opener(0)]],
      message: {
        tool_calls: [{ id: CALLS[0]?.id, type: 'function', function: { name: CALLS[0]?.name, arguments: '' } }],
      },
    }),
  ],
  'reasoning-text': ['reasoning_content', 'reasoning'].map((key) =>
    tale({
      deltas: [
        ...SAID.thoughts.map((thought) => [{ [key]: thought }] as const),
        ...SAID.text.map((content) => [{ content }] as const),
      ],
      message: { [key]: SAID.thoughts.join(''), content: TEXT },
    }),
  ),
  citations: [
    tale({
      deltas: [...SAID.text.map((content) => [{ content }] as const), [{ annotations: [citation] }]],
      message: { content: TEXT, annotations: [citation] },
    }),
  ],
  usage: [
    plain,
    counted([undefined, undefined, undefined, COUNTS]),
    counted([partly(1), partly(2), partly(30), COUNTS]),
    counted([undefined, undefined, undefined, COUNTS], COUNTS),
    counted([undefined, undefined, undefined, COUNTS], NOUGHT),
    counted([undefined, undefined, undefined, undefined], BESIDE),
  ],
  'cache-tokens': [plain],
  'reasoning-tokens': [plain],
  'stop-echo': [
    tale({
      deltas: SAID.text.map((content) => [{ content }]),
      message: { content: TEXT },
      end: { stop_reason: SAID.stop },
    }),
  ],
  'token-logprobs': [
    tale({
      deltas: SAID.logprobs.map((each) => [
        { content: each.token },
        { logprobs: { content: [{ ...each, top_logprobs: [] }], refusal: null } },
      ]),
      message: { content: SAID.logprobs.map(({ token }) => token).join('') },
      choice: {
        logprobs: { content: SAID.logprobs.map((each) => ({ ...each, top_logprobs: [] })), refusal: null },
      },
    }),
  ],
  'several-choices': [several()],
  'finish-unknown': [
    tale({ deltas: SAID.text.map((content) => [{ content }]), message: { content: TEXT }, finish: SAID.unknown }),
  ],
  'audio-output': [
    tale({
      deltas: [
        [{ audio: { id: 'audio_1', transcript: SAID.words } }],
        [{ audio: { id: 'audio_1', data: SAID.sound } }],
      ],
      message: { audio: { id: 'audio_1', data: SAID.sound, transcript: SAID.words, expires_at: 1_767_229_200 } },
    }),
  ],
};
