import { refuse } from '../model/errors.ts';
import { nearestFirst } from '../model/nearest.ts';
import { MOST_TOKENS, bad, duration, failure, number, objectText, status, whole } from './option-values.ts';
import type { FailureMode } from './option-values.ts';

/** The models of the sandbox, for `/v1/models` and for refusals; `task` is the kind of request each answers. */
export const SANDBOX_MODELS: readonly SandboxModel[] = [
  { id: 'echo', task: 'generation', description: 'Answers with the text of the last user turn.' },
  { id: 'reason', task: 'generation', description: 'Reasons first, then answers like echo.' },
  {
    id: 'tools',
    task: 'generation',
    description: 'Calls the offered tools with valid arguments, then answers from their results.',
  },
  { id: 'voice', task: 'speech', description: 'Speaks in tones: one per syllable, as mp3, wav or pcm.' },
  {
    id: 'ear',
    task: 'transcription',
    description: 'Says which container, duration, channels and rate the upload has.',
  },
  { id: 'embed', task: 'embedding', description: 'Deterministic unit vectors.' },
];

/** One row of {@link SANDBOX_MODELS}. */
export interface SandboxModel {
  readonly id: 'echo' | 'reason' | 'tools' | 'voice' | 'ear' | 'embed';
  readonly description: string;
  readonly task: 'generation' | 'speech' | 'transcription' | 'embedding';
}

/** What the options of a model name ask for. */
export interface SandboxOptions {
  /** Milliseconds before the first event after the start. */
  readonly ttft: number;
  /** Tokens per second; absent means as fast as the reader takes them. */
  readonly rate?: number;
  /** Length of the answer's text in tokens. */
  readonly tokens?: number;
  /** Length of the reasoning of `reason` in tokens. */
  readonly reasoning?: number;
  /** Breaks off after this many tokens. */
  readonly fail?: { readonly mode: FailureMode; readonly after: number };
  /** HTTP status to refuse with before any event. */
  readonly status?: number;
  /** Seconds to tell beside `status`. */
  readonly retryAfter?: number;
  /** `none`: the answer ends without token counts. */
  readonly usage: 'exact' | 'none';
  /** The only tool that `tools` calls. */
  readonly tool?: string;
  /** JSON text that `tools` calls it with. */
  readonly args?: string;
}

/** A model name taken apart. */
export interface SandboxName {
  readonly model: SandboxModel;
  readonly options: SandboxOptions;
}

type Task = SandboxModel['task'];
interface OptionRow {
  readonly read: (text: string) => Partial<SandboxOptions>;
  /** Only for this kind of request; absent means for all. */
  readonly task?: Task;
  /** Only for this model. */
  readonly model?: SandboxModel['id'];
}

/** A row for each option; the keys are the names that a refusal lists. */
const OPTIONS: Record<string, OptionRow> = {
  ttft: { read: (text) => ({ ttft: duration('ttft', text) }) },
  rate: { read: (text) => ({ rate: number('rate', text, 0.01, MOST_TOKENS, 'tokens per second: rate=50') }) },
  tokens: {
    read: (text) => ({ tokens: whole('tokens', text, 1, MOST_TOKENS, 'a count: tokens=2000') }),
    task: 'generation',
  },
  reasoning: {
    read: (text) => ({ reasoning: whole('reasoning', text, 0, MOST_TOKENS, 'a count: reasoning=500') }),
    task: 'generation',
  },
  fail: { read: (text) => ({ fail: failure(text) }) },
  status: { read: (text) => ({ status: status(text) }) },
  retry_after: {
    read: (text) => ({ retryAfter: whole('retry_after', text.replace(/s$/, ''), 0, 86_400, 'seconds: retry_after=2') }),
  },
  usage: { read: (text) => (text === 'none' ? { usage: 'none' } : bad('usage', text, 'none')) },
  tool: {
    read: (text) => (text === '' ? bad('tool', text, 'the name of an offered tool: tool=get_weather') : { tool: text }),
    model: 'tools',
  },
  args: { read: (text) => ({ args: objectText(text) }), model: 'tools' },
};

/**
 * Takes apart a model name without its `sandbox/`: `echo:ttft=300ms,rate=50`.
 * @throws GatewayFailure `invalid_request` on `model`; it lists the names that exist, the nearest first.
 */
export function parseSandboxModel(model: string): SandboxName {
  const colon = model.indexOf(':');
  const id = colon === -1 ? model : model.slice(0, colon);
  const known = SANDBOX_MODELS.find((row) => row.id === id);
  if (known === undefined) {
    const names = nearestFirst(
      id,
      SANDBOX_MODELS.map((row) => row.id),
    ).map((name) => `sandbox/${name}`);
    refuse('model', `The sandbox has no model '${id}'. It has, the nearest first: ${names.join(', ')}.`);
  }
  const options: SandboxOptions = { ttft: 0, usage: 'exact' };
  if (colon === -1) return { model: known, options };
  const seen = new Set<string>();
  const read = parts(model.slice(colon + 1)).map((part) => readOption(part, known, seen));
  return { model: known, options: Object.assign(options, ...read) as SandboxOptions };
}

// `args` holds commas of its own, and so is the last one.
function parts(options: string): readonly string[] {
  const at = /(?<=^|,)args=/.exec(options)?.index;
  if (at === undefined) return options.split(',');
  const before = options.slice(0, Math.max(0, at - 1));
  return [...(before === '' ? [] : before.split(',')), options.slice(at)];
}

function readOption(part: string, model: SandboxModel, seen: Set<string>): Partial<SandboxOptions> {
  const equals = part.indexOf('=');
  const name = equals === -1 ? part : part.slice(0, equals);
  const names = Object.keys(OPTIONS).filter(
    (one) => (OPTIONS[one]?.task ?? model.task) === model.task && (OPTIONS[one]?.model ?? model.id) === model.id,
  );
  const row = names.includes(name) ? OPTIONS[name] : undefined;
  if (row === undefined)
    return refuse(
      'model',
      `There is no option '${name}' for this sandbox model. It has, the nearest first: ${nearestFirst(name, names).join(', ')}.`,
    );
  if (seen.has(name)) refuse('model', `The sandbox option '${name}' is given twice.`);
  seen.add(name);
  return row.read(equals === -1 ? '' : part.slice(equals + 1));
}
