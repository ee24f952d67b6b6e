import type { Frame } from '../../framing/frame.ts';
import type { Decoder, DecoderContext, DecoderPhase } from '../codec.ts';
import { decodeInBandError } from '../openai-error.ts';
import { readTokenUsage } from '../openai-tokens.ts';
import type { GatewayError } from '../../model/errors.ts';
import type { Sink } from '../../model/event.ts';
import { asObject, asString, parseJson } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import { AUDIO_KEYS, PIECE_BYTES } from './words.ts';

// Base64 with either alphabet, padded or not; linear in the length.
const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;
const STANDARD = /^[A-Za-z0-9+/]*={0,2}$/;

/** Reads a spoken answer: raw bytes, event frames or one JSON body with the sound in it. */
export class SpeechDecoder implements Decoder {
  readonly #emit: Sink;
  readonly #context: DecoderContext;
  #started = false;
  #sounding = false;
  #raw = false;
  #phase: DecoderPhase = 'open';

  constructor(emit: Sink, context: DecoderContext) {
    this.#emit = emit;
    this.#context = context;
  }

  get phase(): DecoderPhase {
    return this.#phase;
  }

  push(frame: Frame): void {
    if (this.#phase === 'closed') return;
    const data = frame.data;
    if (data === '[DONE]') return this.#finish();
    if (data === '' || data.startsWith(':')) return; // a comment wrapped as data (UP-03)
    const value = parsed(data);
    if (value === undefined) return this.#fail('The upstream sent an event that is not a JSON object.');
    const type = asString(value['type']) ?? frame.event;
    if (holdsError(value) || type === 'error') return this.fail(decodeInBandError(value['error'] ?? value));
    this.#audioIn(value);
    if (type === 'speech.audio.done') {
      this.#usage(value['usage']);
      this.#finish();
    }
  }

  whole(body: string): void {
    if (this.#phase === 'closed') return;
    const value = parsed(body);
    if (value === undefined)
      return this.#fail('The upstream answered with something that is neither sound nor a JSON object.');
    if (holdsError(value)) return this.fail(decodeInBandError(value['error'] ?? value));
    this.#audioIn(value);
    if (!this.#sounding && audioOf(value) === undefined && (value['message'] ?? value['detail']) !== undefined)
      return this.fail(decodeInBandError(value));
    this.#usage(value['usage']);
    this.#finish();
  }

  bytes(chunk: Uint8Array): void {
    if (this.#phase === 'closed' || chunk.byteLength === 0) return;
    this.#raw = true;
    this.#pieces(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
  }

  end(): void {
    // A raw sound has no terminal of its own: its body ends with it.
    if (this.#raw) return this.#finish();
    this.#fail('The upstream ended its answer before the sound was complete.');
  }

  fail(error: GatewayError): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    this.#emit({ type: 'error', error });
  }

  #fail(message: string): void {
    this.fail({ kind: 'bad_response', message });
  }

  #audioIn(value: JsonObject): void {
    const base64 = audioOf(value);
    if (base64 === undefined || base64 === '') return;
    if (!BASE64.test(base64)) return this.#fail('The upstream sent audio that is not base64.');
    // Short and well-formed pieces, the common case, go on as they are; others are cut anew so that each decodes by itself.
    if (base64.length <= (PIECE_BYTES / 3) * 4 && base64.length % 4 === 0 && STANDARD.test(base64))
      return this.#piece(base64);
    this.#pieces(Buffer.from(base64, 'base64'));
  }

  #pieces(sound: Buffer): void {
    for (let at = 0; at < sound.length; at += PIECE_BYTES) this.#piece(sound.toString('base64', at, at + PIECE_BYTES));
  }

  #piece(base64: string): void {
    if (!this.#sounding) {
      this.#sounding = true;
      this.#start();
      const { request } = this.#context;
      const format = request.task === 'speech' ? { format: request.format } : {};
      this.#emit({ type: 'block-start', index: 0, block: { type: 'media', media: 'audio', ...format } });
    }
    this.#emit({ type: 'audio-delta', index: 0, base64 });
  }

  #start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#emit({ type: 'start', id: this.#context.mint('speech'), model: this.#context.target.model });
  }

  #usage(value: Json | undefined): void {
    if (this.#phase === 'closed') return;
    const usage = readTokenUsage(value);
    if (usage === undefined) return;
    this.#start();
    // What a voice writes is sound: its output tokens are audio tokens, though no upstream says so.
    this.#emit({ type: 'usage', usage: { ...usage, output: 0, audioOutput: usage.output + usage.audioOutput } });
  }

  #finish(): void {
    if (this.#phase === 'closed') return;
    if (!this.#sounding) return this.#fail('The upstream ended its answer without any sound.');
    this.#phase = 'closed';
    this.#emit({ type: 'block-end', index: 0 });
    this.#emit({ type: 'finish', reason: 'stop' });
  }
}

function audioOf(value: JsonObject): string | undefined {
  for (const key of AUDIO_KEYS) {
    const audio = asString(value[key]);
    if (audio !== undefined) return audio;
  }
  return undefined;
}

function holdsError(value: JsonObject): boolean {
  return value['error'] !== undefined && value['error'] !== null;
}

function parsed(text: string): JsonObject | undefined {
  try {
    return asObject(parseJson(text));
  } catch {
    return undefined;
  }
}
