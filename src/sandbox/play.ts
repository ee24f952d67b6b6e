import type { GatewayError } from '../model/errors.ts';
import type { ChoiceFinish, Event, Sink } from '../model/event.ts';
import { NO_USAGE } from '../model/usage.ts';
import type { Usage } from '../model/usage.ts';
import type { SandboxOptions } from './model-name.ts';
import type { FailureMode } from './option-values.ts';
import type { Pace } from './pace.ts';
import type { Part, Script } from './script.ts';

/** What {@link play} needs besides the scripts. */
export interface Stage {
  readonly emit: Sink;
  readonly pace: Pace;
  readonly options: SandboxOptions;
  /** Tokens of the request. */
  readonly input: number;
  /** Length of a transcribed sound. */
  readonly seconds?: number;
}

type Counter = 'output' | 'reasoning' | 'audioOutput';
interface Step {
  readonly event: Event;
  /** What the event counts as; absent for events that are no tokens. */
  readonly counts?: Counter | 'nothing';
}
interface Ending {
  readonly reason: ChoiceFinish['reason'];
  readonly stopSequence?: string;
}

/** Plays the scripts as the choices of one answer, a token of each in turn, up to the terminal event; emits nothing once the client has left. */
export async function play(scripts: readonly Script[], stage: Stage): Promise<void> {
  const { emit, pace, options, input } = stage;
  const counts = { output: 0, reasoning: 0, audioOutput: 0 };
  let blocks = 0;
  const open = (): number => blocks++;
  const endings: Ending[] = [];
  let live = scripts.map((script, choice) => ({ choice, steps: stepsOf(script, choice, open) }));
  let played = 0;
  while (live.length > 0) {
    const still: typeof live = [];
    for (const voice of live) {
      const step = voice.steps.next();
      if (step.done === true) {
        endings[voice.choice] = step.value;
        continue;
      }
      still.push(voice);
      const { event, counts: counter } = step.value;
      if (counter !== undefined && options.fail?.after === played) return breakOff(options.fail.mode, played, stage);
      await (counter === undefined ? pace.drained() : pace.next());
      if (pace.over) return;
      emit(event);
      if (counter !== undefined) played++;
      if (counter !== undefined && counter !== 'nothing') counts[counter]++;
    }
    live = still;
  }
  if (options.fail !== undefined) return breakOff(options.fail.mode, played, stage);
  const usage: Usage = {
    ...NO_USAGE,
    input,
    ...counts,
    ...(stage.seconds !== undefined && { seconds: stage.seconds }),
  };
  const last: readonly Event[] =
    options.usage === 'exact' ? [{ type: 'usage', usage }, finishOf(endings)] : [finishOf(endings)];
  for (const event of last) {
    await pace.drained();
    if (pace.over) return;
    emit(event);
  }
}

function* stepsOf(script: Script, choice: number, open: () => number): Generator<Step, Ending> {
  let left = script.limit ?? Infinity;
  for (const part of script.parts) {
    const index = open();
    yield { event: { type: 'block-start', index, block: choice === 0 ? part.head : { ...part.head, choice } } };
    let uncounted = part.uncounted ?? 0;
    for (const piece of part.pieces) {
      const counts = uncounted-- > 0 ? 'nothing' : counterOf(part);
      if (counts !== 'nothing' && left-- <= 0) {
        yield { event: { type: 'block-end', index } };
        return { reason: 'length' };
      }
      yield { event: deltaOf(part, index, piece), counts };
    }
    yield { event: { type: 'block-end', index } };
  }
  if (script.native !== undefined) yield { event: { type: 'native', native: script.native } };
  return { reason: script.reason, ...(script.stopSequence !== undefined && { stopSequence: script.stopSequence }) };
}

function counterOf(part: Part): Counter {
  switch (part.head.type) {
    case 'reasoning':
    case 'reasoning-summary':
      return 'reasoning';
    case 'media':
      return 'audioOutput';
    default:
      return 'output';
  }
}

function deltaOf(part: Part, index: number, piece: string): Event {
  switch (part.head.type) {
    case 'media':
      return { type: 'audio-delta', index, base64: piece };
    case 'tool-call':
      return { type: 'input-delta', index, json: piece };
    case 'vector':
      return { type: 'vector', index, vector: piece };
    default:
      return { type: 'text-delta', index, text: piece };
  }
}

function finishOf(endings: readonly Ending[]): Event {
  const [first = { reason: 'stop' as const }, ...rest] = endings;
  const others = rest.map(({ reason }, index) => ({ choice: index + 1, reason }));
  return { type: 'finish', ...first, ...(others.length > 0 && { others }) };
}

async function breakOff(mode: FailureMode, played: number, { emit, pace }: Stage): Promise<void> {
  if (mode === 'stall') return pace.silence();
  await pace.drained();
  if (!pace.over) emit({ type: 'error', error: failureOf(mode, played) });
}

function failureOf(mode: Exclude<FailureMode, 'stall'>, played: number): GatewayError {
  const when = `after ${played} tokens, as its model name asked (fail=${mode}).`;
  switch (mode) {
    case 'reset':
      return { kind: 'bad_response', message: `The sandbox cut its answer off ${when}` };
    case 'timeout':
      return { kind: 'timeout', message: `The sandbox gave up ${when}` };
    case 'error':
      return { kind: 'overloaded', message: `The sandbox reported an error ${when}` };
    default:
      return mode satisfies never;
  }
}
