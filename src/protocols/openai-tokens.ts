import { asNumber, asObject, asString } from '../model/json.ts';
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
  const sum =
    input.input +
    input.cacheRead +
    input.cacheWrite +
    input.audioInput +
    output.output +
    output.reasoning +
    output.audioOutput;
  return {
    ...NO_USAGE,
    ...input,
    ...output,
    ...(seconds !== undefined && { seconds }),
    ...(usage['estimated'] === true && { estimated: true }),
    ...(figures.suspect && { suspect: true }),
    ...(total !== undefined && total !== sum && !figures.suspect && { total }),
    raw: usage,
  };
}

// No answer and no context window comes near this; a larger figure is a fault of the upstream and must not become a price.
const MOST = 100_000_000;

/** Takes figures out of a usage object and notes when one cannot be. */
class Figures {
  suspect = false;

  first(usage: JsonObject, keys: readonly string[]): number | undefined {
    for (const key of keys) {
      const value = usage[key];
      if (value === undefined || value === null) continue;
      const number = asNumber(value);
      const figure = number ?? Number(asString(value) ?? Number.NaN);
      const fits = Number.isFinite(figure) && figure >= 0 && figure <= MOST;
      if (number === undefined || !fits) this.suspect = true;
      return Number.isFinite(figure) ? Math.trunc(Math.min(Math.max(figure, 0), MOST)) : 0;
    }
    return undefined;
  }

  input(prompt: number, usage: JsonObject): Pick<Usage, 'input' | 'cacheRead' | 'cacheWrite' | 'audioInput'> {
    const details = detailsOf(usage, ['prompt_tokens_details', 'input_tokens_details', 'input_token_details']);
    const cached = this.first(details, ['cached_tokens']);
    const cacheRead = cached ?? this.first(usage, ['cached_tokens', 'prompt_cache_hit_tokens']) ?? 0;
    const written = this.first(details, ['cache_write_tokens', 'cache_creation_tokens']);
    const cacheWrite = written ?? this.first(usage, ['cache_creation_input_tokens']) ?? 0;
    const audioInput = this.first(details, ['audio_tokens']) ?? 0;
    return { input: less(prompt, cacheRead + cacheWrite + audioInput), cacheRead, cacheWrite, audioInput };
  }

  /** `beyondPrompt` is the total less the prompt: some upstreams count reasoning outside of their completion tokens. */
  output(
    completion: number,
    usage: JsonObject,
    beyondPrompt: number,
  ): Pick<Usage, 'output' | 'reasoning' | 'audioOutput'> {
    const details = detailsOf(usage, ['completion_tokens_details', 'output_tokens_details', 'output_token_details']);
    const reasoning = this.first(details, ['reasoning_tokens']) ?? 0;
    const audioOutput = this.first(details, ['audio_tokens']) ?? 0;
    // Where the total says that the completion holds the reasoning, the larger reasoning figure is somebody's estimate.
    const inside = beyondPrompt === completion;
    const outside = !inside && (reasoning > completion || (reasoning > 0 && beyondPrompt === completion + reasoning));
    const thought = inside ? Math.min(reasoning, completion) : reasoning;
    return { output: less(completion, (outside ? 0 : thought) + audioOutput), reasoning: thought, audioOutput };
  }
}

// Parts larger than their whole are counted beside it, as upstreams that leave cached tokens out of the prompt do.
function less(whole: number, parts: number): number {
  return parts <= whole ? whole - parts : whole;
}

function detailsOf(usage: JsonObject, keys: readonly string[]): JsonObject {
  for (const key of keys) {
    const details = asObject(usage[key]);
    if (details !== undefined) return details;
  }
  return {};
}
