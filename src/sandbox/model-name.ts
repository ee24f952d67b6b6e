import { refuse } from '../model/errors.ts';
import { nearestFirst } from '../model/nearest.ts';
import { REFUSAL_STATUSES } from './refusal.ts';

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

/** Ways to break off an answer: `reset` cuts it, `error` reports one, `timeout` gives up, `stall` falls silent until the client leaves. */
export type FailureMode = (typeof FAILURES)[number];

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
}

/** A model name taken apart. */
export interface SandboxName {
  readonly model: SandboxModel;
  readonly options: SandboxOptions;
}

const FAILURES = ['reset', 'error', 'timeout', 'stall'] as const;
const MOST_TOKENS = 1_000_000;
const LONGEST_WAIT_MS = 3_600_000;
const UNIT_MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000 };

type Task = SandboxModel['task'];
interface OptionRow {
  readonly read: (text: string) => Partial<SandboxOptions>;
  /** Only for this kind of request; absent means for all. */
  readonly task?: Task;
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
  const read = model
    .slice(colon + 1)
    .split(',')
    .map((part) => readOption(part, known.task, seen));
  return { model: known, options: Object.assign(options, ...read) as SandboxOptions };
}

function readOption(part: string, task: Task, seen: Set<string>): Partial<SandboxOptions> {
  const equals = part.indexOf('=');
  const name = equals === -1 ? part : part.slice(0, equals);
  const names = Object.keys(OPTIONS).filter((one) => (OPTIONS[one]?.task ?? task) === task);
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

function duration(name: string, text: string): number {
  const form = 'a duration with its unit (ms, s or m) of at most an hour: ttft=300ms';
  const [, amount = '', unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text) ?? bad(name, text, form);
  const ms = Number(amount) * (UNIT_MS[unit] ?? 1);
  return ms <= LONGEST_WAIT_MS ? ms : bad(name, text, form);
}

function number(name: string, text: string, least: number, most: number, form: string): number {
  const value = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  return value >= least && value <= most ? value : bad(name, text, `${form} (${least} to ${most})`);
}

function whole(name: string, text: string, least: number, most: number, form: string): number {
  const value = number(name, text, least, most, form);
  return Number.isInteger(value) ? value : bad(name, text, form);
}

function failure(text: string): { readonly mode: FailureMode; readonly after: number } {
  const [word = '', after = '0', ...rest] = text.split('@');
  const mode = FAILURES.find((known) => known === word);
  if (mode === undefined || rest.length > 0)
    return bad(
      'fail',
      text,
      `one of ${nearestFirst(word, FAILURES).join(', ')}, with the token it happens after: fail=reset@10`,
    );
  return { mode, after: whole('fail', after, 0, MOST_TOKENS, 'a mode and a token count: fail=reset@10') };
}

function status(text: string): number {
  const found = REFUSAL_STATUSES.find((known) => String(known) === text);
  return found ?? bad('status', text, `one of ${REFUSAL_STATUSES.join(', ')}`);
}

function bad(name: string, text: string, form: string): never {
  return refuse('model', `The sandbox option '${name}' cannot be '${text}': it must be ${form}.`);
}
