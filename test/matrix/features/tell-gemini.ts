import { CALLS, SAID, TEXT } from './tell.ts';
import type { Tale, Tales } from './tell.ts';

type Keys = Readonly<Record<string, unknown>>;

const { usage } = SAID;
// Thoughts are counted beside the candidates; what was written to a cache is not told.
const COUNTS = {
  promptTokenCount: usage.input,
  cachedContentTokenCount: usage.cacheRead,
  candidatesTokenCount: usage.output - usage.reasoning,
  thoughtsTokenCount: usage.reasoning,
  totalTokenCount: usage.input + usage.output,
};
const PARTLY = { ...COUNTS, candidatesTokenCount: 3, thoughtsTokenCount: 1, totalTokenCount: usage.input + 4 };
const SAME = { modelVersion: 'gemini-model', responseId: 'response1' };

function message(candidates: readonly Keys[], counts?: Keys): Keys {
  return { candidates, ...(counts !== undefined && { usageMetadata: counts }), ...SAME };
}

function candidate(parts: readonly Keys[], more: Keys = {}): Keys {
  return { content: { role: 'model', parts }, ...more, index: 0 };
}

function events(messages: readonly Keys[]): string {
  return messages.map((each) => `data: ${JSON.stringify(each)}\r\n\r\n`).join('');
}

function tale(pieces: readonly Keys[], whole: readonly Keys[], end: Keys = { finishReason: 'STOP' }): Tale {
  const last = pieces.length - 1;
  const stream = pieces.map((part, index) =>
    index === last ? message([candidate([part], end)], COUNTS) : message([candidate([part])], PARTLY),
  );
  return {
    type: 'text/event-stream',
    stream: events(stream),
    whole: JSON.stringify(message([candidate(whole, end)], COUNTS)),
  };
}

const texts = SAID.text.map((text) => ({ text }));
const plain = tale(texts, [{ text: TEXT }]);
const calls = CALLS.map(({ id, name, args }) => ({ functionCall: { id, name, args: JSON.parse(args) as unknown } }));
const bare = { functionCall: { id: CALLS[0]?.id, name: CALLS[0]?.name } };
const grounding = {
  groundingMetadata: {
    groundingChunks: [{ web: { uri: SAID.url, title: SAID.title } }],
    groundingSupports: [{ segment: { startIndex: 0, endIndex: 5, text: 'Hello' }, groundingChunkIndices: [0] }],
  },
};
const logprobsOf = (from: number, to: number): Keys => ({
  logprobsResult: {
    chosenCandidates: SAID.logprobs
      .slice(from, to)
      .map(({ token, logprob }) => ({ token, tokenId: 7, logProbability: logprob })),
    topCandidates: SAID.logprobs.slice(from, to).map(() => ({ candidates: [] })),
  },
});
const [one, two] = SAID.logprobs;

function several(): Tale {
  const all = SAID.others.map((text, index) => ({
    content: { role: 'model', parts: [{ text }] },
    finishReason: 'STOP',
    index,
  }));
  const stream = all.map((each, index) => message([each], index === 1 ? COUNTS : undefined));
  return { type: 'text/event-stream', stream: events(stream), whole: JSON.stringify(message(all, COUNTS)) };
}

/** What an upstream of Gemini tells. */
export const GEMINI_TALES: Tales = {
  text: [plain],
  'tool-calls': [tale(calls.slice(0, 1), calls.slice(0, 1))],
  'parallel-tool-calls': [tale(calls, calls)],
  'empty-arguments': [tale([bare], [bare])],
  'reasoning-text': [
    tale(
      [...SAID.thoughts.map((text) => ({ text, thought: true })), ...texts],
      [{ text: SAID.thoughts.join(''), thought: true }, { text: TEXT }],
    ),
  ],
  citations: [tale(texts, [{ text: TEXT }], { finishReason: 'STOP', ...grounding })],
  usage: [plain],
  'cache-tokens': [plain],
  'reasoning-tokens': [plain],
  'token-logprobs': [
    {
      type: 'text/event-stream',
      stream: events([
        message([candidate([{ text: one.token }], logprobsOf(0, 1))]),
        message([candidate([{ text: two.token }], { finishReason: 'STOP', ...logprobsOf(1, 2) })], COUNTS),
      ]),
      whole: JSON.stringify(
        message([candidate([{ text: one.token + two.token }], { finishReason: 'STOP', ...logprobsOf(0, 2) })], COUNTS),
      ),
    },
  ],
  'several-choices': [several()],
  'finish-unknown': [tale(texts, [{ text: TEXT }], { finishReason: SAID.unknown })],
  'server-tool-items': [
    tale(
      [{ executableCode: { language: 'PYTHON', code: 'print("mark")' } }, ...texts],
      [{ executableCode: { language: 'PYTHON', code: 'print("mark")' } }, { text: TEXT }],
    ),
  ],
  'audio-output': [
    tale(
      [{ inlineData: { mimeType: 'audio/wav', data: SAID.sound } }],
      [{ inlineData: { mimeType: 'audio/wav', data: SAID.sound } }],
    ),
  ],
  'image-output': [
    tale(
      [{ text: TEXT }, { inlineData: { mimeType: 'image/png', data: SAID.picture } }],
      [{ text: TEXT }, { inlineData: { mimeType: 'image/png', data: SAID.picture } }],
    ),
  ],
};
