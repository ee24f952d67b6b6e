import { Blocks } from './decoder-blocks.ts';
import { BEYOND_END, TRUNCATED, UNFIT, bad, extrasOf, extrasOfMessage, isError, numberOf } from './decoder-parts.ts';
import { decodeInBandError } from './errors.ts';
import { answerToolOf } from './request-write-output.ts';
import { OWN } from './seals.ts';
import { mergeUsage, readUsage } from './usage.ts';
import { STOP } from './words.ts';
import type { Frame } from '../../framing/frame.ts';
import type { GatewayError } from '../../model/errors.ts';
import type { FinishReason, Sink } from '../../model/event.ts';
import { asArray, asNumber, asObject, asString, parseJson } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import { NO_USAGE } from '../../model/usage.ts';
import type { Decoder, DecoderContext, DecoderPhase } from '../codec.ts';

const TEXT_KEY = '"text":"';

/** Reads messages, streamed or whole, and counts of tokens. */
export class MessagesDecoder implements Decoder {
  phase: DecoderPhase = 'open';
  textKey: string | undefined;
  readonly #emit: Sink;
  readonly #context: DecoderContext;
  readonly #blocks: Blocks;
  #started = false;
  #usage: JsonObject = {};
  #stop: string | undefined;
  #stopSequence: string | undefined;
  /** Number on the wire of the block whose text may come without its message, the first with text, for the number is part of the look. */
  #plain: number | undefined;

  constructor(emit: Sink, context: DecoderContext) {
    this.#emit = emit;
    this.#context = context;
    this.#blocks = new Blocks({ emit, mint: context.mint, answerTool: answerToolOf(context.request, context.target) });
  }

  push(frame: Frame): void {
    if (this.phase === 'closed') return;
    this.textKey = undefined;
    const { data } = frame;
    // A marker of another format, which some proxies add: the end if the message has one.
    if (data.startsWith('[DONE]')) this.end();
    // UP-03: some proxies wrap comments as data.
    else if (data !== '' && !data.startsWith(':')) this.#parse(data, (value) => this.#event(value, frame.event));
  }

  text(text: string): void {
    if (this.phase === 'finished') this.#close(BEYOND_END);
    else if (this.phase === 'open' && !this.#blocks.text(this.#plain ?? 0, text)) this.#close(UNFIT);
  }

  whole(body: string): void {
    if (this.phase === 'closed') return;
    this.#parse(body, (value) => this.#whole(value));
  }

  end(): void {
    if (this.phase === 'finished') this.#finish();
    else this.fail(TRUNCATED);
  }

  /** A failure behind the stop reason costs nothing: the answer is whole and ends as such (UP-08). */
  fail(error: GatewayError): void {
    if (this.phase === 'closed') return;
    if (this.phase === 'finished') this.#finish();
    else this.#close(error);
  }

  #parse(text: string, take: (value: Json) => void): void {
    let value: Json;
    try {
      value = parseJson(text);
    } catch {
      this.#close(bad('The upstream sent an event that is not JSON.'));
      return;
    }
    take(value);
  }

  #event(value: Json, name: string | undefined): void {
    const event = asObject(value);
    if (event === undefined || isError(event) || (name === 'error' && event['type'] === undefined)) {
      this.#close(decodeInBandError(value));
      return;
    }
    const type = asString(event['type']) ?? name ?? '';
    if (this.phase === 'finished' && (type === 'message_start' || type.startsWith('content_block_'))) {
      this.#close(BEYOND_END);
      return;
    }
    switch (type) {
      case 'message_start':
        this.#messageStart(asObject(event['message']) ?? {});
        return;
      case 'content_block_start':
        this.#start();
        this.#blocks.open(numberOf(event), asObject(event['content_block']) ?? {});
        return;
      case 'content_block_delta':
        this.#delta(event);
        return;
      case 'content_block_stop':
        this.#blocks.close(numberOf(event));
        return;
      case 'message_delta':
        this.#messageDelta(event);
        return;
      case 'message_stop':
        this.#messageStop();
        return;
      case 'ping':
      case '':
        return;
      default:
        this.#start();
        this.#native(event);
    }
  }

  /** The first one begins the answer; a later one, of a proxy that asked again, begins its blocks anew (FM-14). */
  #messageStart(message: JsonObject): void {
    if (!this.#blocks.whole) {
      this.#close(bad('The upstream began its answer anew in the middle of a tool call.'));
      return;
    }
    this.#blocks.closeAll();
    this.#start(message);
    this.#take(message['usage']);
  }

  #start(message: JsonObject = {}): void {
    if (this.#started) return;
    this.#started = true;
    const model = asString(message['model']) ?? '';
    this.#emit({
      type: 'start',
      id: asString(message['id']) ?? '',
      model: model === '' ? this.#context.target.model : model,
    });
    this.#extras(extrasOfMessage(message));
  }

  #delta(event: JsonObject): void {
    const delta = asObject(event['delta']);
    const number = numberOf(event);
    this.#start();
    if (delta === undefined || !this.#blocks.delta(number, delta)) {
      this.#close(UNFIT);
      return;
    }
    if (delta['type'] !== 'text_delta' || delta['text'] === '' || !this.#blocks.isText(number)) return;
    this.#plain ??= number;
    if (this.#plain === number) this.textKey = TEXT_KEY;
  }

  #messageDelta(event: JsonObject): void {
    this.#start();
    this.#take(event['usage']);
    const { delta: value, usage: _usage, type: _type, ...more } = event;
    const { stop_reason: stop, stop_sequence: sequence, ...others } = asObject(value) ?? {};
    this.#extras(extrasOf(others, more));
    this.#stopped(stop, sequence);
  }

  #stopped(stop: Json | undefined, sequence: Json | undefined): void {
    const word = asString(stop);
    if (word === undefined || word === '') return;
    this.#stop ??= word;
    this.#stopSequence ??= asString(sequence);
    this.#blocks.closeAll();
    this.phase = 'finished';
  }

  #messageStop(): void {
    if (this.#started && this.#blocks.whole) this.#finish();
    else this.#close(TRUNCATED);
  }

  #whole(value: Json): void {
    const message = asObject(value);
    if (message === undefined || isError(message)) {
      this.#close(decodeInBandError(value));
      return;
    }
    if (this.#context.request.task === 'count') {
      this.#count(message);
      return;
    }
    const content = asArray(message['content']);
    if (content === undefined) {
      this.#close(bad('The upstream answered without content.'));
      return;
    }
    this.#start({ id: message['id'] ?? '', model: message['model'] ?? '' });
    this.#take(message['usage']);
    content.forEach((block, index) => {
      this.#blocks.open(index, asObject(block) ?? {});
      this.#blocks.close(index);
    });
    this.#extras(extrasOfMessage(message));
    this.#stopped(message['stop_reason'], message['stop_sequence']);
    this.#finish();
  }

  /** A count is the answer's usage and nothing else. */
  #count(message: JsonObject): void {
    const input = asNumber(message['input_tokens']) ?? asNumber(message['inputTokens']);
    if (input === undefined) {
      this.#close(bad('The upstream did not say how many tokens the request has.'));
      return;
    }
    this.#start();
    this.#emit({ type: 'usage', usage: { ...NO_USAGE, input, raw: message } });
    this.#finish();
  }

  /** What a message says of itself besides, in the words of a `message_delta`. */
  #extras(value: JsonObject | undefined): void {
    if (value !== undefined) this.#native(value);
  }

  #native(value: JsonObject): void {
    this.#emit({ type: 'native', native: { protocol: OWN, value } });
  }

  #take(value: Json | undefined): void {
    const raw = asObject(value);
    if (raw === undefined) return;
    this.#usage = mergeUsage(this.#usage, raw);
    const usage = readUsage(this.#usage);
    if (usage !== undefined) this.#emit({ type: 'usage', usage });
  }

  #finish(): void {
    if (this.phase === 'closed') return;
    this.#blocks.closeAll();
    if (this.#blocks.nameless) {
      this.#close(bad('The upstream called a tool without naming it.'));
      return;
    }
    this.phase = 'closed';
    const raw = this.#stop;
    const sequence = this.#stopSequence;
    this.#emit({
      type: 'finish',
      reason: this.#reason(),
      ...(raw !== undefined && { raw }),
      ...(sequence !== undefined && { stopSequence: sequence }),
    });
  }

  #reason(): FinishReason {
    const { calls, answered, endsInCall } = this.#blocks;
    if (this.#stop === undefined) return endsInCall && !answered ? 'tool-calls' : 'stop';
    const reason = STOP.get(this.#stop) ?? 'other';
    if (reason === 'tool-calls' && answered && calls === 0) return 'stop';
    // FM-19: servers that copy the format end a turn that calls a tool like any other. Calls before the last words were the provider's own.
    return reason === 'stop' && endsInCall && !answered ? 'tool-calls' : reason;
  }

  #close(error: GatewayError): void {
    if (this.phase === 'closed') return;
    this.phase = 'closed';
    this.#emit({ type: 'error', error });
  }
}
