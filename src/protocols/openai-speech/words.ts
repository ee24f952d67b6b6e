import type { JsonObject } from '../../model/json.ts';
import { grandTotal, inputTotal, outputTotal } from '../../model/usage.ts';
import type { Usage } from '../../model/usage.ts';

/** Content type of a raw sound by `response_format` (SP-02). */
export const AUDIO_TYPE: Record<string, string> = {
  mp3: 'audio/mpeg',
  opus: 'audio/opus',
  aac: 'audio/aac',
  flac: 'audio/flac',
  wav: 'audio/wav',
  pcm: 'audio/pcm',
};

/** Keys under which upstreams put base64 audio, in events and in whole JSON answers. */
export const AUDIO_KEYS: readonly string[] = ['audio', 'data', 'audio_data'];

/** Most bytes of sound in one event: 16 KiB of base64, and whole 3-byte groups (SP-05). */
export const PIECE_BYTES = 12_288;

/** The `usage` object of `speech.audio.done` (SP-04): inclusive totals; an estimate says so. */
export function usageWords(usage: Usage): JsonObject {
  return {
    input_tokens: inputTotal(usage),
    output_tokens: outputTotal(usage),
    total_tokens: grandTotal(usage),
    ...(usage.estimated && { estimated: true }),
  };
}
