import { Calls } from './decoder-calls.ts';
import { annotationsOf, sourcesOf } from './decoder-grounding.ts';
import { readLogprobs } from './logprobs.ts';
import { signatureOf } from './seals.ts';
import { FINISH, finishReasonOf, formatOf, mediaOf } from './words.ts';
import type { TokenLogprob } from '../../model/block.ts';
import type { BlockHead, FinishReason, Sink } from '../../model/event.ts';
import type { Mint } from '../../model/ids.ts';
import { asArray, asObject, asString } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';

/** What the candidates of one answer share. */
export interface CandidateSetting {
  readonly emit: Sink;
  readonly mint: Mint;
  /** Ids of calls in use anywhere in the answer. */
  readonly ids: Set<string>;
  /** The number of the next block. */
  next: number;
}

/** How a candidate ended. */
export interface CandidateEnd {
  readonly reason: FinishReason;
  readonly raw?: string;
}

type Kind = 'text' | 'reasoning';

interface Open {
  readonly index: number;
  /** What continues the block: a kind of text, or the MIME type of a sound. */
  readonly kind: string;
  /** Where the block begins in all text of the candidate. */
  readonly before: number;
  signature: string | undefined;
  /** Half a surrogate pair that waits for its other half. */
  held: string;
}

/** Reads the parts of one of the parallel answers into blocks, of which one at most is open. */
export class Candidate {
  readonly #number: number;
  readonly #setting: CandidateSetting;
  readonly #calls: Calls;
  readonly #cited = new Set<string>();
  #open: Open | undefined;
  /** A token of its own, which waits for the end of the text before it: sources of that text may follow. */
  #waiting: string | undefined;
  /** All text so far, for sources are given by places in it. */
  #text = '';
  #wrote = false;
  #raw: string | undefined;

  constructor(number: number, setting: CandidateSetting) {
    this.#number = number;
    this.#setting = setting;
    const { mint, ids } = setting;
    this.#calls = new Calls({
      open: (head) => {
        this.#settle();
        this.#end();
        return this.#begin(head);
      },
      input: (index, json) => setting.emit({ type: 'input-delta', index, json }),
      end: (index, signature) => this.#endBlock(index, signature),
      mint,
      ids,
      choice: number,
    });
  }

  /** The word of the last `finishReason`. */
  get raw(): string | undefined {
    return this.#raw;
  }

  /** Whether anything was written. */
  get wrote(): boolean {
    return this.#wrote;
  }

  get nameless(): boolean {
    return this.#calls.nameless;
  }

  /** Takes a message of the candidate: its parts first, then what is said of them, then its end (FM-49). */
  push(candidate: JsonObject): void {
    let tokens = readLogprobs(asObject(candidate['logprobsResult']));
    const parts = (asArray(asObject(candidate['content'])?.['parts']) ?? []).map(asObject);
    // Sources are for the text up to here, which must be told of before a later part ends its block.
    const sources = sourcesOf(candidate);
    const last = sources.length === 0 ? -1 : parts.findLastIndex(isText);
    if (last < 0) this.#cite(sources);
    for (const [at, part] of parts.entries()) {
      if (part !== undefined && this.#part(part, tokens)) tokens = [];
      if (at === last) this.#cite(sources);
    }
    // Some servers write an end into every message; the last one says how it was.
    this.#raw = finishReasonOf(candidate['finishReason']) ?? this.#raw;
  }

  /** Whether a call waits for pieces that an end by `STOP` says will not come. */
  get cut(): boolean {
    return this.#calls.open && FINISH.get(this.#raw ?? '') === 'stop';
  }

  /** Takes the next piece of plain text. */
  text(text: string): void {
    this.#write('text', text, undefined, []);
  }

  /** Ends every open block, and tells how the candidate ended. */
  end(): CandidateEnd {
    const raw = this.#raw;
    const said = raw === undefined ? 'stop' : (FINISH.get(raw) ?? 'other');
    this.#calls.close(said !== 'stop');
    this.#settle();
    this.#end();
    const reason = said === 'stop' && this.#calls.count > 0 ? 'tool-calls' : said;
    return { reason, ...(raw !== undefined && { raw }) };
  }

  #cite(sources: ReturnType<typeof sourcesOf>): void {
    const open = this.#open;
    if (open?.kind !== 'text') return;
    for (const annotation of annotationsOf(sources, this.#text, open.before, this.#cited))
      this.#setting.emit({ type: 'annotation', index: open.index, annotation });
  }

  /** Reads a part; true when it took the tokens' log-probabilities. */
  #part(part: JsonObject, tokens: readonly TokenLogprob[]): boolean {
    const signature = signatureOf(part);
    const call = asObject(part['functionCall'] ?? part['function_call']);
    const text = asString(part['text']);
    const blob = asObject(part['inlineData'] ?? part['inline_data']);
    if (call !== undefined) {
      this.#wrote = true;
      this.#calls.push(call, signature);
    } else if (text !== undefined)
      return this.#write(part['thought'] === true ? 'reasoning' : 'text', text, signature, tokens);
    else if (blob === undefined || !this.#media(blob, signature)) this.#native(part);
    return false;
  }

  #write(kind: Kind, text: string, signature: string | undefined, tokens: readonly TokenLogprob[]): boolean {
    if (text === '') {
      if (signature !== undefined) this.#seal(kind, signature);
      return false;
    }
    const open = this.#blockFor(kind, signature);
    const whole = wholeCharacters(open, text);
    if (kind === 'text') this.#text += whole;
    const { emit } = this.#setting;
    const { index } = open;
    if (tokens.length > 0 && kind === 'text') {
      emit({ type: 'text-delta', index, text: whole, logprobs: tokens });
      return true;
    }
    if (whole !== '') emit({ type: 'text-delta', index, text: whole });
    return false;
  }

  /** A signature on an empty part: that of the thought before it, or a token of its own, which other formats know as reasoning without text. */
  #seal(kind: Kind, signature: string): void {
    const open = this.#open;
    if (kind === 'reasoning' && open?.kind === 'reasoning' && open.signature === undefined) {
      open.signature = signature;
      return;
    }
    this.#settle();
    this.#waiting = signature;
  }

  #settle(): void {
    const signature = this.#waiting;
    this.#waiting = undefined;
    if (signature !== undefined) this.#openBlock({ type: 'reasoning' }, 'reasoning', signature);
  }

  /** The block that a piece belongs to. A signed part is a block of its own: its signature must come back on just its text (FM-15). */
  #blockFor(kind: string, signature: string | undefined): Open {
    this.#settle();
    const open = this.#open;
    if (open !== undefined && open.kind === kind && open.signature === undefined && signature === undefined)
      return open;
    const media = kind.startsWith('audio/');
    return this.#openBlock(
      media ? { type: 'media', media: 'audio', format: formatOf(kind) } : { type: kind as Kind },
      kind,
      signature,
    );
  }

  #openBlock(head: BlockHead, kind: string, signature: string | undefined): Open {
    this.#end();
    this.#calls.close(false);
    const index = this.#begin(head);
    const open: Open = { index, kind, before: this.#text.length, signature, held: '' };
    this.#open = open;
    return open;
  }

  #media(blob: JsonObject, signature: string | undefined): boolean {
    const mimeType = asString(blob['mimeType']) ?? asString(blob['mime_type']) ?? '';
    const base64 = asString(blob['data']) ?? '';
    const media = mediaOf(mimeType);
    if (media === 'document' || base64 === '') return false;
    this.#settle();
    // The pieces of a sound are one sound; every picture is one by itself.
    const open =
      media === 'audio'
        ? this.#blockFor(mimeType, signature)
        : this.#openBlock({ type: 'media', media, format: formatOf(mimeType) }, mimeType, signature);
    this.#setting.emit({ type: 'audio-delta', index: open.index, base64 });
    if (media !== 'audio') this.#end();
    return true;
  }

  /** What no other format has: code that ran, its result, a tool of the host. */
  #native(part: JsonObject): void {
    if (Object.keys(part).length === 0) return;
    if ('functionCall' in part) {
      // A call that cannot be read is nothing that clients could read either.
      this.#calls.nameless = true;
      return;
    }
    this.#settle();
    this.#end();
    this.#wrote = true;
    const value: Json = { candidates: [{ index: this.#number, content: { parts: [part] } }] };
    this.#setting.emit({ type: 'native', native: { protocol: 'gemini', value } });
  }

  #begin(head: BlockHead): number {
    const index = this.#setting.next++;
    this.#wrote = true;
    const block = this.#number > 0 ? { ...head, choice: this.#number } : head;
    this.#setting.emit({ type: 'block-start', index, block });
    return index;
  }

  #end(): void {
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    this.#endBlock(open.index, open.signature);
  }

  #endBlock(index: number, signature: string | undefined): void {
    const seal = signature === undefined ? undefined : { protocol: 'gemini' as const, data: signature };
    this.#setting.emit(seal === undefined ? { type: 'block-end', index } : { type: 'block-end', index, seal });
  }
}

function isText(part: JsonObject | undefined): boolean {
  return (asString(part?.['text']) ?? '') !== '' && part?.['thought'] !== true;
}

// A lone half of a surrogate pair would be lost in UTF-8; it waits for its other half, and is dropped when none comes.
function wholeCharacters(open: Open, piece: string): string {
  const text = open.held === '' ? piece : open.held + piece;
  const last = text.charCodeAt(text.length - 1);
  const cut = last >= 0xd800 && last <= 0xdbff;
  open.held = cut ? text.slice(-1) : '';
  return cut ? text.slice(0, -1) : text;
}
