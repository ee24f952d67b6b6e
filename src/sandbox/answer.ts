import { refuse, unsupported } from '../model/errors.ts';
import type { Mint } from '../model/ids.ts';
import type { Generation } from '../model/request.ts';
import { lastUserText, promptList } from './conversation.ts';
import { jsonFor } from './json-text.ts';
import type { SandboxName } from './model-name.ts';
import type { Part, Script } from './script.ts';
import { countTokens, tokensOf } from './tokenizer.ts';
import { answerFromResults, plannedCalls } from './tools.ts';
import type { PlannedCall } from './tools.ts';

const MOST_CHOICES = 128;
const THOUGHTS: Record<string, number> = { none: 0, minimal: 1, low: 2, medium: 3, high: 4, xhigh: 5, max: 6 };

/** What an answer is made from. */
export interface Question {
  readonly request: Generation;
  readonly name: SandboxName;
  readonly mint: Mint;
  /** A sentence to say before the answer's text. */
  readonly notice?: string;
}

/** Writes the answer to a request for text: one script for each choice. Throws GatewayFailure for what the sandbox cannot honour. */
export function scriptsFor(question: Question): readonly Script[] {
  const { request } = question;
  if (request.promptOnly === 'thread')
    unsupported('thread', 'The sandbox remembers no conversations. Leave it out, and send the whole of it.');
  const choices = request.choices ?? 1;
  if (choices < 1 || choices > MOST_CHOICES)
    refuse('n', `The sandbox gives 1 to ${MOST_CHOICES} choices, not ${choices}.`);
  const prompts = promptList(request) ?? [lastUserText(request.turns)];
  // The choices of a prompt list are those of its first prompt, then those of the second, and so on.
  const each = Math.max(1, Math.floor(choices / prompts.length));
  return prompts.flatMap((prompt) => Array.from({ length: each }, () => scriptFor(prompt, question)));
}

function scriptFor(prompt: string, question: Question): Script {
  const { request, name } = question;
  const limit = request.maxTokens === undefined ? undefined : { limit: request.maxTokens };
  const calls = name.model.id === 'tools' ? plannedCalls(request, prompt, name.options) : [];
  if (calls.length > 0) return { parts: callParts(calls, question), reason: 'tool-calls', ...limit };
  const thoughts = name.model.id === 'reason' ? thoughtParts(prompt, question) : [];
  const answer = pieces(prompt, question);
  const given = givenBack(prompt, request);
  const stopped = cutAtStop(answer, request.stop);
  const head = { type: 'text' } as const;
  const text: Part =
    given === undefined
      ? { head, pieces: stopped.pieces }
      : { head, pieces: chain([given], stopped.pieces), uncounted: 1 };
  const parts = [...thoughts, text];
  return stopped.by === undefined
    ? { parts, reason: 'stop', ...limit }
    : { parts, reason: 'stop-sequence', stopSequence: stopped.by, ...limit };
}

function callParts(calls: readonly PlannedCall[], { mint, notice }: Question): readonly Part[] {
  const said: readonly Part[] = notice === undefined ? [] : [{ head: { type: 'text' }, pieces: tokensOf(notice) }];
  return [
    ...said,
    ...calls.map(({ name, input, custom }): Part => {
      const head = { type: 'tool-call', id: mint('call'), name, ...(custom && { custom }) } as const;
      return { head, pieces: tokensOf(input) };
    }),
  ];
}

// A JSON document stays one: no notice, no repetition to a length.
function pieces(prompt: string, { request, name, notice }: Question): Iterable<string> {
  const answer = (name.model.id === 'tools' ? answerFromResults(request) : undefined) ?? prompt;
  const { output, native } = request;
  if (output?.type === 'json') return tokensOf(JSON.stringify({ answer }));
  if (output?.type === 'schema') {
    const param = native.protocol === 'openai-responses' ? 'text.format.schema' : 'response_format.json_schema.schema';
    return tokensOf(jsonFor(output.schema ?? {}, output.name, param));
  }
  const said = notice === undefined ? '' : `${notice}\n\n`;
  const { tokens } = name.options;
  return tokens === undefined ? tokensOf(said + answer) : chain(tokensOf(said), ofLength(answer, tokens));
}

function* chain(...parts: readonly Iterable<string>[]): Generator<string, void> {
  for (const part of parts) yield* part;
}

function givenBack(prompt: string, { native }: Generation): string | undefined {
  return native.protocol === 'openai-completions' && native.value['echo'] === true ? prompt : undefined;
}

// The text over and over, a line each time, exactly so many tokens of it. Tokens may merge where two lines meet, so that the lines
// of the first guess may not be enough; the last token waits, as the next line may lengthen it.
function* ofLength(text: string, tokens: number): Generator<string, void> {
  const line = `${text}\n`;
  let sent = 0;
  for (let lines = Math.ceil(tokens / Math.max(1, countTokens(line))) + 1; ; lines *= 2) {
    let held: string | undefined;
    let at = 0;
    for (const token of tokensOf(line.repeat(lines))) {
      if (at++ < sent) continue;
      if (held !== undefined) {
        yield held;
        if (++sent === tokens) return;
      }
      held = token;
    }
  }
}

function cutAtStop(
  answer: Iterable<string>,
  stop: readonly string[],
): { readonly pieces: Iterable<string>; readonly by?: string } {
  if (stop.length === 0) return { pieces: answer };
  const text = [...answer].join('');
  let cut = text.length;
  let by: string | undefined;
  for (const sequence of stop) {
    const at = sequence === '' ? -1 : text.indexOf(sequence);
    if (at === -1 || at >= cut) continue;
    cut = at;
    by = sequence;
  }
  return by === undefined ? { pieces: tokensOf(text) } : { pieces: tokensOf(text.slice(0, cut)), by };
}

function thoughtParts(prompt: string, { request, name, mint }: Question): readonly Part[] {
  const lines = THOUGHTS[request.reasoning?.effort ?? 'medium'] ?? 3;
  const wanted = name.options.reasoning;
  if (wanted === 0 || (wanted === undefined && lines === 0)) return [];
  const tokens = countTokens(prompt);
  const thoughts = [
    `The user wrote: ${prompt}`,
    `That is ${tokens} ${tokens === 1 ? 'token' : 'tokens'} by my own count.`,
    'I am asked to give it back unchanged, so nothing may be added or left out.',
    'Characters outside ASCII are passed on as they are.',
    'I have checked the beginning and the end of the text.',
    'There is nothing else to consider.',
  ].slice(0, Math.max(1, lines));
  const text = thoughts.join('\n');
  const itemId = mint('rs');
  const summary = request.reasoning?.summary;
  return [
    { head: { type: 'reasoning', itemId }, pieces: wanted === undefined ? tokensOf(text) : ofLength(text, wanted) },
    ...(summary === undefined || summary === 'none'
      ? []
      : [
          {
            head: { type: 'reasoning-summary', itemId } as const,
            pieces: tokensOf('Decided to give the text back unchanged.'),
          },
        ]),
  ];
}
