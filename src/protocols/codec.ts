import type { Frame } from '../framing/frame.ts';
import type { ProtocolId } from '../model/block.ts';
import type { Completion } from '../model/completion.ts';
import type { GatewayError } from '../model/errors.ts';
import type { Event, FinishReason, Sink } from '../model/event.ts';
import type { Mint } from '../model/ids.ts';
import type { Json, JsonObject } from '../model/json.ts';
import type { Request } from '../model/request.ts';
import type { Usage } from '../model/usage.ts';
import type { Fidelity } from './fidelity.ts';
import type { Memory } from './memory.ts';

/** What a target can do, as flags; shared code asks these, never a name. */
export interface Capabilities {
  /** Gives token counts in a stream when asked to (`stream_options.include_usage`). */
  readonly streamUsage: boolean;
  /** Takes the newer `max_completion_tokens` instead of `max_tokens`. */
  readonly maxCompletionTokens: boolean;
  /** Knows the role `developer`; others get `system`. */
  readonly developerRole: boolean;
  /** Its `stop` after a *named* tool choice is left alone (CC-13). */
  readonly namedChoiceStops: boolean;
  /** How `transcript.text.delta` pieces of a transcription relate (TR-04). */
  readonly transcriptDelta: 'incremental' | 'cumulative' | 'auto';
  /** How an answer is held to a JSON schema: a field of the request, or a tool that the model is forced to call. */
  readonly schemaOutput: 'native' | 'tool';
}

/** Where a format's paths and bodies differ because somebody else hosts the models. */
export type Hosting =
  | { readonly style: 'azure'; readonly apiVersion: string }
  | { readonly style: 'vertex'; readonly project: string; readonly location: string }
  | { readonly style: 'bedrock' };

/** The model at one upstream that a request goes to. */
export interface Target {
  /** The upstream's own name of the model. */
  readonly model: string;
  /** Whether the upstream is asked to stream. */
  readonly stream: boolean;
  readonly capabilities: Capabilities;
  /** Absent where the format's own makers host it. */
  readonly hosting?: Hosting;
  /** Names of unfinished features that the client asked for in a header of its format; absent = none. */
  readonly betas?: readonly string[];
}

/** A request as it goes upstream, without path, host and credential. */
export interface UpstreamRequest {
  /** JSON text, or the form fields that go beside the client's file. */
  readonly body: string | readonly (readonly [name: string, value: string])[];
  /** Features of the request that this format cannot say and that were left out, each once; absent = none. */
  readonly lost?: readonly string[];
}

/** Top-level keys of a body with their new values; `undefined` takes a key away. */
export type BodyPatch = Readonly<Record<string, Json | undefined>>;

/** What a decoder needs to know besides the bytes. */
export interface DecoderContext {
  readonly request: Request;
  readonly target: Target;
  readonly mint: Mint;
}

/**
 * How far an upstream's answer has come: `finished` = whole, only late usage may follow, so the relay waits briefly and calls `end()`;
 * `closed` = the terminal event was emitted and nothing more is read.
 */
export type DecoderPhase = 'open' | 'finished' | 'closed';

/** Reads one answer of an upstream. Emits by the grammar, exactly one terminal event, and nothing after it. */
export interface Decoder {
  readonly phase: DecoderPhase;
  /** The next message of a stream. */
  push(frame: Frame): void;
  /**
   * What stands before the text in the JSON of the message pushed last, `"content":"`, if that message was nothing but text of a block that
   * is open; others that differ from it in the text alone may come through {@link text}.
   */
  readonly textKey?: string | undefined;
  /** The next message, of which all but the text is known. */
  text?(text: string): void;
  /** A whole JSON (or plain text) body, instead of frames. */
  whole(body: string): void;
  /** A piece of a raw body (audio), instead of frames. */
  bytes?(chunk: Uint8Array): void;
  /** The upstream's body ended cleanly; without the format's terminal this is an `error` of kind `bad_response`. */
  end(): void;
  /** The connection broke or a deadline passed: ends with this error unless already closed. */
  fail(error: GatewayError): void;
}

/** What an upstream's refusal says besides its body. */
export interface UpstreamRefusal {
  readonly status: number;
  readonly body: string;
  /** Seconds, from the header. */
  readonly retryAfter?: number;
  /** All headers, lower case. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** Half 1 of a codec: the format an upstream speaks. */
export interface Protocol {
  readonly id: ProtocolId;
  /** What of each feature this format can say; the source of `docs/fidelity.md`. Absent for formats that carry no text. */
  readonly fidelity?: Fidelity;
  /** Whether upstreams of this format count the tokens of a request that is not answered. */
  readonly counts?: true;
  /** Path, with its query, below the upstream's base URL: `/chat/completions`. */
  path(request: Request, target: Target): string;
  /** Headers that every call of this format carries, lower case (`anthropic-version`); absent = none. */
  headers?(request: Request, target: Target): Readonly<Record<string, string>>;
  /** Puts a request into the upstream's words; throws {@link GatewayFailure} (`unsupported_parameter`) for what it cannot say. */
  encodeRequest(request: Request, target: Target): UpstreamRequest;
  /**
   * The top-level keys that must differ when a body of the same format is passed on, with their new values; everything else leaves byte
   * for byte as it came (UP-09). `encodeRequest` makes the same changes.
   */
  patch(request: Request, target: Target): BodyPatch;
  decoder(emit: Sink, context: DecoderContext): Decoder;
  /** Reads the body of an HTTP error. */
  decodeError(refusal: UpstreamRefusal): GatewayError;
}

/** What an encoder needs to know about the answer it writes. */
export interface Reply {
  /** Fresh id of the answer without a prefix: 24 or more characters of `[a-z0-9]`. */
  readonly id: string;
  /** The id under which the gateway's log knows the request; some formats show it in errors. */
  readonly requestId?: string;
  /** Unix seconds at which the request came in. */
  readonly created: number;
  /** The model name to show: the one the client asked for. */
  readonly model: string;
  readonly request: Request;
  /** The client's own body, for echoes and options only its format knows; form fields as strings. */
  readonly body: JsonObject;
  readonly mint: Mint;
  /** Unix seconds now. */
  readonly now: () => number;
  /** Makes a text unreadable for everyone but this gateway; absent where nothing is sealed. */
  readonly seal?: (text: string) => string;
  readonly options: DialectOptions;
  /** Set where a stream passes: what its events show already. */
  readonly identity?: Identity;
}

/** Switches of the configuration that change what a dialect writes. */
export interface DialectOptions {
  /** `responses.done_marker`: end `/v1/responses` streams with `[DONE]` too (OR-14). */
  readonly responsesDoneMarker: boolean;
  /** `chat.reasoning_field` (CC-20). */
  readonly chatReasoningField: 'reasoning_content' | 'reasoning' | 'both' | 'off';
}

/** A field of a body, as the path to it, that asks for something unless it is absent, empty, false or `idle`. */
export interface OwnWish {
  readonly path: string;
  readonly idle?: string;
}

/** What every event of a passing stream shows of itself; whatever the gateway writes in between shows the same. */
export interface Identity {
  readonly id: string;
  readonly created: number;
  readonly model: string;
  /** Numbers of the choices whose beginning has been shown; shared, and added to, by whoever shows one. */
  readonly begun: Set<number>;
  /** Numbers of the choices whose end has been shown: nothing more of them may be. */
  readonly ended: Set<number>;
  /** Parts of seals that have been shown, as JSON text. */
  readonly sealed: Set<string>;
}

/** What becomes of one message that passes: nothing, itself as it came, other JSON text, or what the encoder makes of it from here on. */
export type Judgement = 'drop' | 'pass' | 'encode' | { readonly json: string };

/** How a stream passes to a client of the same format: as it came wherever it keeps the format's rules, mended where it does not. */
export interface Passage {
  /** What stands before the text in the JSON of a message that is nothing but text: `"content":"`. */
  readonly textKey: string;
  /** Name of the event judged last, where the format's events have one. */
  readonly event?: string;
  /** Judges a message that was looked at, after the decoder took it. */
  judge(frame: Frame): Judgement;
  /** Whether the message judged last is nothing but text, so that others that differ in the text alone need no look. */
  readonly isPlainText: boolean;
  /** Whether text may still pass without a look: not once a finish reason was seen. */
  readonly open: boolean;
  /** What ends the stream after the decoder told `finish`: what the upstream left out, the usage that was asked for, the marker. */
  closing(finish: Extract<Event, { type: 'finish' }>, usage: Usage): string;
}

/** What a whole body that passes as it came comes to. */
export interface PassingWhole {
  readonly finish: FinishReason;
  readonly usage: Usage;
}

/** Writes one answer for the client, each event at once and whole. Total over all events. */
export interface Encoder {
  push(event: Event): void;
  /** Writes what the format shows before there is any content; absent where it shows nothing. */
  opening?(): void;
  /** How many events the client's format could not express. */
  readonly lost: number;
  /** The answer as its format keeps it, over or broken off; undefined while nothing of it was shown. */
  readonly kept?: JsonObject | undefined;
}

/** Takes what an encoder wrote: text of whole events, or raw bytes. `ascii`: it is known that the text is nothing else, and nobody need look. */
export type Write = (chunk: string | Uint8Array, ascii?: boolean) => void;

/** A whole answer, ready to send with status 200. */
export interface WholeAnswer {
  readonly contentType: string;
  readonly body: string | Uint8Array;
  /** The answer as its format keeps it. */
  readonly kept?: JsonObject | undefined;
}

/** What a request says outside its body. */
export interface Place {
  /** Values of the `{names}` in the route's path, decoded: `{model: 'provider/model'}`. */
  readonly params: Readonly<Record<string, string>>;
  /** The query, each name once: `{alt: 'sse'}`. */
  readonly query: Readonly<Record<string, string>>;
}

/** How a stream is framed for the client. */
export interface StreamForm {
  readonly contentType: string;
  /** What may be written between two events so that nobody takes silence for death; absent = nothing may. */
  readonly keepAlive?: string;
  /** Whether an error has a place inside the stream; without one the connection is broken instead (SP-03). */
  readonly tellsErrors: boolean;
}

/** Half 2 of a codec: the format a client speaks. */
export interface Dialect {
  readonly id: ProtocolId;
  /** What of each feature this format can say; the source of `docs/fidelity.md`. Absent for formats that carry no text. */
  readonly fidelity?: Fidelity;
  /** Reads a parsed body (form fields as strings); throws {@link GatewayFailure} with the path of what is wrong. */
  decodeRequest(body: JsonObject, place?: Place): Request;
  /** What only an upstream of the same format can be asked, and no request of ours holds; elsewhere it is counted as lost. */
  readonly ownWishes?: readonly OwnWish[];
  /** The header in which its clients look for the id of a request; absent: `x-request-id` (WD-08). */
  readonly requestIdHeader?: string;
  /** How its answers are kept and come back to; absent where they are not. */
  readonly memory?: Memory;
  /** The framing of the stream that {@link encoder} writes. */
  streamForm(request: Request): StreamForm;
  encoder(write: Write, reply: Reply): Encoder;
  /** How a stream of this very format passes; absent where every stream takes decoder and encoder. */
  passage?(reply: Reply): Passage;
  /** What a whole body of this very format comes to, if it keeps the format's rules and may pass as it came; absent where none passes. */
  passWhole?(body: string, reply: Reply): PassingWhole | undefined;
  /** The whole answer; only called for a completion with `finish`. */
  encodeWhole(completion: Completion, reply: Reply): WholeAnswer;
  /** The JSON body of an HTTP error; some formats name the request in it. */
  encodeError(error: GatewayError, requestId?: string): { readonly status: number; readonly body: string };
}

/** Server-sent events; the charset is not optional (WD-01, OR-07). */
export const EVENT_STREAM: StreamForm = {
  contentType: 'text/event-stream; charset=utf-8',
  keepAlive: ': keep-alive\n\n',
  tellsErrors: true,
};
