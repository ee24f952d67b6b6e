import { asNumber, asObject } from '../model/json.ts';
import type { Json, JsonObject } from '../model/json.ts';
import { NO_USAGE } from '../model/usage.ts';
import type { Usage } from '../model/usage.ts';

/**
 * Reads a usage object of any OpenAI-style endpoint (`prompt_tokens` or `input_tokens`, token or duration priced) into disjoint
 * counters; undefined when the value holds no figure. Impossible figures are clamped and marked `suspect`.
 */
export function readTokenUsage(value: Json | undefined): Usage | undefined {
  const usage = asObject(value);
  if (usage === undefined) return undefined;
  const figures = new Figures();
  const seconds = figures.first(usage, ['seconds', 'prompt_audio_seconds']);
  const prompt = figures.first(usage, ['prompt_tokens', 'input_tokens']);
  const completion = figures.first(usage, ['completion_tokens', 'output_tokens']);
  if (seconds === undefined && prompt === undefined && completion === undefined) return undefined;
  const total = figures.first(usage, ['total_tokens']);
  const input = figures.input(prompt ?? 0, usage);
  const output = figures.output(completion ?? 0, usage, (total ?? 0) - (prompt ?? 0));
  const sum = input.input + input.cacheRead + input.audioInput + output.output + output.reasoning + output.audioOutput;
  return {
    ...NO_USAGE,
    ...input,
    ...output,
    ...(seconds !== undefined && { seconds }),
    ...(figures.suspect && { suspect: true }),
    ...(total !== undefined && total !== sum && { total }),
    raw: usage,
  };
}

/** Takes figures out of a usage object and notes when one cannot be. */
class Figures {
  suspect = false;

  first(usage: JsonObject, keys: readonly string[]): number | undefined {
    for (const key of keys) {
      const value = usage[key];
      if (value === undefined || value === null) continue;
      const figure = asNumber(value) ?? Number(value);
      if (typeof value !== 'string' && Number.isFinite(figure) && figure >= 0) return figure;
      this.suspect = true;
      return Number.isFinite(figure) && figure > 0 ? figure : 0;
    }
    return undefined;
  }

  input(prompt: number, usage: JsonObject): Pick<Usage, 'input' | 'cacheRead' | 'audioInput'> {
    const details = detailsOf(usage, ['prompt_tokens_details', 'input_tokens_details', 'input_token_details']);
    const cached =
      this.first(details, ['cached_tokens']) ?? this.first(usage, ['cached_tokens', 'prompt_cache_hit_tokens']) ?? 0;
    const cacheRead = this.#part(cached, prompt);
    const audioInput = this.#part(this.first(details, ['audio_tokens']) ?? 0, prompt - cacheRead);
    return { input: prompt - cacheRead - audioInput, cacheRead, audioInput };
  }

  /** `beyondPrompt` is the total less the prompt: some upstreams count reasoning outside of their completion tokens. */
  output(
    completion: number,
    usage: JsonObject,
    beyondPrompt: number,
  ): Pick<Usage, 'output' | 'reasoning' | 'audioOutput'> {
    const details = detailsOf(usage, ['completion_tokens_details', 'output_tokens_details', 'output_token_details']);
    const told = this.first(details, ['reasoning_tokens']) ?? 0;
    const outside = told > 0 && beyondPrompt === completion + told;
    const reasoning = outside ? told : this.#part(told, completion);
    const rest = outside ? completion : completion - reasoning;
    const audioOutput = this.#part(this.first(details, ['audio_tokens']) ?? 0, rest);
    return { output: rest - audioOutput, reasoning, audioOutput };
  }

  #part(part: number, whole: number): number {
    if (part <= whole) return part;
    this.suspect = true;
    return whole;
  }
}

function detailsOf(usage: JsonObject, keys: readonly string[]): JsonObject {
  for (const key of keys) {
    const details = asObject(usage[key]);
    if (details !== undefined) return details;
  }
  return {};
}
