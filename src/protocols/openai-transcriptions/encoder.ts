import { DONE_FRAME, dataFrame } from '../../framing/sse-writer.ts';
import type { Encoder, Reply, Write } from '../codec.ts';
import { openAiError } from '../openai-error.ts';
import type { NativeValue, TokenLogprob } from '../../model/block.ts';
import type { Event } from '../../model/event.ts';
import { asArray, asObject } from '../../model/json.ts';
import type { JsonObject } from '../../model/json.ts';
import { NO_USAGE } from '../../model/usage.ts';
import type { Usage } from '../../model/usage.ts';
import { asideOf, usageWords } from './words.ts';

/** Writes the stream of a transcription client: deltas, `transcript.text.done`, `[DONE]` (TR-03). */
export class TranscriptionEncoder implements Encoder {
  readonly #write: Write;
  readonly #segments: boolean;
  readonly #texts = new Set<number>();
  readonly #logprobs: TokenLogprob[] = [];
  #text = '';
  #next: JsonObject = {};
  #last: JsonObject = {};
  #usage: Usage = { ...NO_USAGE, estimated: true };
  #lost = 0;

  constructor(write: Write, reply: Reply) {
    this.#write = write;
    this.#segments = reply.request.task === 'transcription' && reply.request.format === 'diarized_json';
  }

  get lost(): number {
    return this.#lost;
  }

  push(event: Event): void {
    switch (event.type) {
      case 'text-delta':
        return this.#delta(event.index, event.text, event.logprobs);
      case 'start':
      case 'block-end':
        return;
      case 'block-start':
        if (event.block.type === 'text') this.#texts.add(event.index);
        else this.#lost++;
        return;
      case 'input-delta':
      case 'audio-delta':
      case 'vector':
      case 'annotation':
        this.#lost++;
        return;
      case 'native':
        return this.#native(event.native);
      case 'usage':
        this.#usage = event.usage;
        return;
      case 'finish':
        return this.#finish();
      case 'error':
        return this.#frame({ error: openAiError(event.error) });
      default:
        return event satisfies never;
    }
  }

  // The text goes out twice, so that clients of the simpler `{"text":…}` form read it too.
  #delta(index: number, text: string, logprobs: readonly TokenLogprob[] | undefined): void {
    if (!this.#texts.has(index)) {
      this.#lost++;
      return;
    }
    this.#text += text;
    if (logprobs !== undefined) this.#logprobs.push(...logprobs);
    this.#frame({
      type: 'transcript.text.delta',
      delta: text,
      text,
      ...(logprobs !== undefined && { logprobs }),
      ...this.#next,
    });
    this.#next = {};
  }

  #native(native: NativeValue): void {
    if (native.protocol !== 'openai-transcriptions') {
      this.#lost++;
      return;
    }
    const { event, delta, done, whole } = asideOf(native.value);
    if (event !== undefined) this.#frame(event);
    this.#next = { ...this.#next, ...delta };
    this.#last = { ...this.#last, ...done };
    if (whole !== undefined) this.#whole(whole);
  }

  // The speakers of a whole answer are told in events, like those of a stream; other details have no event.
  #whole(whole: JsonObject): void {
    const segments = this.#segments ? (asArray(whole['segments']) ?? []) : [];
    for (const segment of segments) this.#frame({ ...asObject(segment), type: 'transcript.text.segment' });
    if (segments.length === 0) this.#lost++;
  }

  #finish(): void {
    this.#frame({
      type: 'transcript.text.done',
      text: this.#text,
      ...(this.#logprobs.length > 0 && { logprobs: this.#logprobs }),
      usage: usageWords(this.#usage),
      ...this.#last,
    });
    this.#write(DONE_FRAME);
  }

  #frame(value: JsonObject | { readonly error: ReturnType<typeof openAiError> }): void {
    this.#write(dataFrame(JSON.stringify(value)));
  }
}
