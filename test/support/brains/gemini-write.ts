import { COST } from './mind.ts';
import type { Ask, Said, Written } from './mind.ts';

const USAGE = {
  promptTokenCount: COST.input + COST.cached,
  candidatesTokenCount: COST.output,
  totalTokenCount: COST.total,
  cachedContentTokenCount: COST.cached,
  promptTokensDetails: [{ modality: 'TEXT', tokenCount: COST.input + COST.cached }],
  thoughtsTokenCount: COST.reasoning,
};

/** Writes a turn: whole, as events, or as a list that grows. */
export function writeContent(said: Said, { path, query }: Ask): Written {
  const calls = said.calls.map(({ id, name, args }, at) => ({
    functionCall: {
      ...(path.includes('gemini-3') && { id }),
      name,
      args: JSON.parse(args.join('')) as unknown,
    },
    ...(at === 0 && said.seal !== undefined && { thoughtSignature: said.seal }),
  }));
  // With text the signature comes on an empty part of its own, at the end.
  const seal = calls.length === 0 && said.seal !== undefined ? [{ text: '', thoughtSignature: said.seal }] : [];
  const thought = (text: string): unknown => ({ text, thought: true });
  const text = (piece: string): unknown => ({ text: piece });
  if (!said.wish.stream) {
    const thoughts = said.thoughts.length === 0 ? [] : [thought(said.thoughts.join(''))];
    const texts = said.text.length === 0 ? [] : [text(said.text.join(''))];
    const body = chunkOf(said, [...thoughts, ...texts, ...calls, ...seal], true);
    return { type: 'application/json; charset=UTF-8', body: JSON.stringify(body, null, 2) };
  }
  const pieces = [...said.thoughts.map(thought), ...said.text.map(text), ...seal].map((part) => [part]);
  // Parallel calls come in one list of parts.
  const lists = calls.length === 0 ? pieces : [...pieces, calls];
  const chunks = lists.map((parts, at) => JSON.stringify(chunkOf(said, parts, at === lists.length - 1)));
  if (query.get('alt') === 'sse')
    return { type: 'text/event-stream', body: chunks.map((chunk) => `data: ${chunk}\r\n\r\n`).join('') };
  return { type: 'application/json; charset=UTF-8', body: `[${chunks.join(',\r\n')}\n]` };
}

function chunkOf(said: Said, parts: readonly unknown[], last: boolean): Readonly<Record<string, unknown>> {
  const candidate = { content: { parts, role: 'model' }, ...(last && { finishReason: 'STOP' }), index: 0 };
  return {
    candidates: [candidate],
    usageMetadata: USAGE,
    modelVersion: 'brain',
    responseId: `brain-${said.number}`,
  };
}
