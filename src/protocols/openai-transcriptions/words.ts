import { asObject } from '../../model/json.ts';
import type { JsonObject } from '../../model/json.ts';
import { grandTotal, inputTotal, outputTotal } from '../../model/usage.ts';
import type { Usage } from '../../model/usage.ts';

/** What an event of a transcription stream is about. */
export type Said = 'delta' | 'done' | 'segment';

/** The names servers give the events of a transcription stream. */
export const EVENTS: Record<string, Said> = {
  'transcript.text.delta': 'delta',
  'transcript.text.done': 'done',
  'transcript.text.segment': 'segment',
  'transcription.text.delta': 'delta',
  'transcription.done': 'done',
  'transcription.segment': 'segment',
};

/** Values of `response_format` that are answered in plain text instead of JSON (TR-06). */
export const PLAIN_FORMATS: ReadonlySet<string> = new Set(['text', 'srt', 'vtt']);

/** Keys of a whole JSON answer that every format of answer can tell; any other makes it worth handing on as it came. */
export const PLAIN_KEYS: ReadonlySet<string> = new Set(['text', 'usage']);

/**
 * What only transcriptions say, as the `native` value of an event: a whole event to hand on (`event`), keys for the next delta or for
 * the end (`delta`, `done`), or a whole JSON answer (`whole`).
 */
export interface Aside {
  readonly event?: JsonObject;
  readonly delta?: JsonObject;
  readonly done?: JsonObject;
  readonly whole?: JsonObject;
}

/** The {@link Aside} in a native value of this format. */
export function asideOf(value: unknown): Aside {
  const object = value as JsonObject;
  const part = (key: keyof Aside): Partial<Aside> => {
    const found = asObject(object[key]);
    return found === undefined ? {} : { [key]: found };
  };
  return { ...part('event'), ...part('delta'), ...part('done'), ...part('whole') };
}

/** The `usage` object of an answer (TR-03, TR-06): tokens, or seconds where nothing else is counted; an estimate says so. */
export function usageWords(usage: Usage): JsonObject {
  const estimated = usage.estimated === true ? { estimated: true } : {};
  if (usage.seconds !== undefined && grandTotal(usage) === 0)
    return { type: 'duration', seconds: usage.seconds, ...estimated };
  return {
    type: 'tokens',
    input_tokens: inputTotal(usage),
    input_token_details: { text_tokens: inputTotal(usage) - usage.audioInput, audio_tokens: usage.audioInput },
    output_tokens: outputTotal(usage),
    total_tokens: grandTotal(usage),
    ...(usage.seconds !== undefined && { seconds: usage.seconds }),
    ...estimated,
  };
}
