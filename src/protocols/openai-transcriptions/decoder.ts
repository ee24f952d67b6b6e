import type { Frame } from '../../framing/frame.ts';
import type { Decoder, DecoderContext, DecoderPhase } from '../codec.ts';
import { decodeInBandError } from '../openai-error.ts';
import { readTokenUsage } from '../openai-tokens.ts';
import type { GatewayError } from '../../model/errors.ts';
import type { Event, Sink } from '../../model/event.ts';
import { asArray, asNumber, asObject, asString, parseJson } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import { NO_USAGE } from '../../model/usage.ts';
import { Increments } from './decoder-increments.ts';
import { EVENTS, PLAIN_FORMATS, PLAIN_KEYS } from './words.ts';
import type { Aside } from './words.ts';

/** Reads a transcription: event frames (TR-03), one JSON body, or plain text. */
export class TranscriptionDecoder implements Decoder {
  readonly #emit: Sink;
  readonly #context: DecoderContext;
  readonly #increments: Increments;
  #started = false;
  #writing = false;
  #heard = false;
  #phase: DecoderPhase = 'open';

  constructor(emit: Sink, context: DecoderContext) {
    this.#emit = emit;
    this.#context = context;
    this.#increments = new Increments(context.target.capabilities.transcriptDelta);
  }

  get phase(): DecoderPhase {
    return this.#phase;
  }

  push(frame: Frame): void {
    if (this.#phase === 'closed') return;
    const data = frame.data;
    if (data === '[DONE]')
      return this.#heard ? this.#finish() : this.#fail('The upstream ended its answer without a word of it.');
    if (data === '' || data.startsWith(':')) return; // a comment wrapped as data (UP-03)
    const value = asObject(parsed(data));
    if (value === undefined) return this.#fail('The upstream sent an event that is not a JSON object.');
    const type = asString(value['type']) ?? frame.event;
    if (type === 'error' || holdsError(value)) return this.fail(decodeInBandError(value['error'] ?? value));
    this.#heard = true;
    this.#said(type, value);
  }

  whole(body: string): void {
    if (this.#phase === 'closed') return;
    const value = parsed(body);
    const object = asObject(value);
    if (object !== undefined && (holdsError(object) || asString(object['text']) !== undefined))
      return this.#object(object);
    const { request } = this.#context;
    const plain = request.task === 'transcription' && PLAIN_FORMATS.has(request.format);
    if (!plain && object !== undefined) return this.#object(object);
    if (/^\s*<(!doctype|html)/i.test(body) || (!plain && body.trim() === ''))
      return this.#fail('The upstream answered with something that is no transcription.');
    this.#text((plain ? undefined : asString(value)) ?? body);
    this.#finish();
  }

  end(): void {
    this.#fail('The upstream ended its answer before the transcription was complete.');
  }

  fail(error: GatewayError): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    this.#emit({ type: 'error', error });
  }

  #fail(message: string): void {
    this.fail({ kind: 'bad_response', message });
  }

  #said(type: string | undefined, value: JsonObject): void {
    const said = type === undefined ? 'delta' : EVENTS[type];
    switch (said) {
      case 'delta':
        return this.#delta(value);
      case 'done':
        return this.#done(value);
      case 'segment':
        return this.#aside({ event: { ...value, type: 'transcript.text.segment' } });
      case undefined:
        return this.#aside({ event: { ...value, type: type ?? 'message' } });
      default:
        return said satisfies never;
    }
  }

  #delta(value: JsonObject): void {
    const { type: _type, delta, text, logprobs, usage, ...extras } = value;
    const piece = this.#increments.next(asString(delta) ?? asString(text) ?? chunkText(value));
    // Extras ride on the delta they came with; the constants of chat-like chunks are none.
    if (extras['choices'] === undefined && Object.keys(extras).length > 0 && piece !== '')
      this.#aside({ delta: extras });
    this.#text(piece, asArray(logprobs));
    this.#usage(usage);
  }

  #done(value: JsonObject): void {
    const { type: _type, text, logprobs, usage, ...extras } = value;
    const whole = asString(text);
    const soFar = this.#increments.soFar;
    const goesOn = whole === undefined || whole.startsWith(soFar);
    if (whole !== undefined && goesOn)
      this.#text(this.#increments.next(whole, 'cumulative'), soFar === '' ? asArray(logprobs) : undefined);
    // What was streamed cannot be taken back; clients of this format are told the upstream's own last word.
    const done = goesOn ? extras : { text: whole, ...extras };
    if (Object.keys(done).length > 0) this.#aside({ done });
    this.#usage(usage);
    this.#finish();
  }

  #object(value: JsonObject): void {
    const text = asString(value['text']);
    if (holdsError(value) || text === undefined) {
      if (holdsError(value) || (value['message'] ?? value['detail']) !== undefined)
        return this.fail(decodeInBandError(value['error'] ?? value));
      return this.#fail('The upstream answered with JSON that is no transcription.');
    }
    if (Object.keys(value).some((key) => !PLAIN_KEYS.has(key))) this.#aside({ whole: value });
    this.#text(text, asArray(value['logprobs']));
    const duration = asNumber(value['duration']);
    this.#usage(value['usage'], duration !== undefined && duration >= 0 ? duration : undefined);
    this.#finish();
  }

  #text(text: string, logprobs?: readonly Json[]): void {
    if (text === '') return;
    if (!this.#writing) this.#say({ type: 'block-start', index: 0, block: { type: 'text' } });
    this.#writing = true;
    this.#emit({
      type: 'text-delta',
      index: 0,
      text,
      ...(logprobs !== undefined && logprobs.length > 0 && { logprobs }),
    });
  }

  /** `duration` is the length of the recording in seconds, which stands in where the upstream counts nothing else. */
  #usage(told: Json | undefined, duration?: number): void {
    const usage = readTokenUsage(told) ?? (duration === undefined ? undefined : { ...NO_USAGE, seconds: duration });
    if (usage !== undefined) this.#say({ type: 'usage', usage });
  }

  #aside(aside: Aside): void {
    this.#say({ type: 'native', native: { protocol: 'openai-transcriptions', value: { ...aside } } });
  }

  #say(event: Event): void {
    if (!this.#started) {
      this.#started = true;
      this.#emit({ type: 'start', id: this.#context.mint('transcript'), model: this.#context.target.model });
    }
    this.#emit(event);
  }

  #finish(): void {
    // A recording without speech has an empty text, and that too is a whole answer.
    if (!this.#writing) this.#say({ type: 'block-start', index: 0, block: { type: 'text' } });
    this.#phase = 'closed';
    this.#emit({ type: 'block-end', index: 0 });
    this.#emit({ type: 'finish', reason: 'stop' });
  }
}

// Some servers stream transcriptions as if they were chat: `{"choices":[{"delta":{"content":"…"}}]}`.
function chunkText(value: JsonObject): string {
  const choice = asObject(asArray(value['choices'])?.[0]);
  return asString(asObject(choice?.['delta'])?.['content']) ?? '';
}

function holdsError(value: JsonObject): boolean {
  return value['error'] !== undefined && value['error'] !== null;
}

function parsed(text: string): Json | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
