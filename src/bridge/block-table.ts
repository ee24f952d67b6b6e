import type { Annotation } from '../model/block.ts';
import type { BlockHead, Sink } from '../model/event.ts';
import { base64Of, textOf } from './sdk-model.ts';
import type { Unread } from './sdk-model.ts';
import { mergedMetadata, sealOf } from './seal.ts';

interface Entry {
  readonly head: BlockHead;
  /** Absent until there is something to show. */
  index?: number;
  metadata?: Unread | undefined;
  /** Anything was written into it. */
  filled: boolean;
}

const CALL = 'call';

/** The blocks of one answer, found by the ids that a package gives them and numbered in the order in which they open. */
export class BlockTable {
  readonly #emit: Sink;
  // Ids of texts and calls may meet, so the kind is part of the key; one that comes again begins anew.
  readonly #open = new Map<string, Entry>();
  readonly #leftOut = new Set<string>();
  #next = 0;
  readonly #sources: Annotation[] = [];
  #calls = 0;

  constructor(emit: Sink) {
    this.#emit = emit;
  }

  /** How many tool calls there were. */
  get calls(): number {
    return this.#calls;
  }

  /** A text begins; nothing is shown before it has words. */
  announce(id: string, type: 'text' | 'reasoning', metadata: unknown): void {
    this.end(id, type);
    this.#open.set(type + id, { head: { type }, filled: false, metadata: mergedMetadata(undefined, metadata) });
  }

  /** A piece of a text. */
  text(id: string, type: 'text' | 'reasoning', text: string, metadata: unknown): void {
    if (!this.#open.has(type + id)) this.announce(id, type, undefined);
    const entry = this.#open.get(type + id);
    if (entry === undefined) return;
    entry.metadata = mergedMetadata(entry.metadata, metadata);
    if (text === '') return;
    const index = this.#indexOf(entry);
    entry.filled = true;
    this.#emit({ type: 'text-delta', index, text });
  }

  /** A text ends; thoughts that were only sealed are shown now. */
  end(id: string, type: 'text' | 'reasoning', metadata?: unknown): void {
    const entry = this.#open.get(type + id);
    if (entry === undefined) return;
    this.#open.delete(type + id);
    const merged = mergedMetadata(entry.metadata, metadata);
    const sealed = type === 'reasoning' ? sealOf(merged) : undefined;
    if (entry.index === undefined && sealed === undefined) return;
    const index = this.#indexOf(entry);
    this.#emit({ type: 'block-end', index, ...(sealed !== undefined && { seal: sealed }) });
  }

  /** A call begins. */
  call(id: string, name: string): void {
    this.#endCall(id);
    const entry: Entry = { head: { type: 'tool-call', id, name }, filled: false };
    this.#open.set(CALL + id, entry);
    this.#calls++;
    this.#indexOf(entry);
  }

  /** A call that the provider makes itself: its pieces are left out, the whole of it comes later. */
  leaveOut(id: string): void {
    this.#leftOut.add(id);
  }

  /** A piece of a call's input. */
  input(id: string, json: string): void {
    const entry = this.#leftOut.has(id) ? undefined : this.#open.get(CALL + id);
    if (entry?.index === undefined || json === '') return;
    entry.filled = true;
    this.#emit({ type: 'input-delta', index: entry.index, json });
  }

  /** A call is complete; its input may have come in pieces before, or comes here in one. */
  wholeCall(part: Unread): void {
    const id = textOf(part['toolCallId']) ?? '';
    if (!this.#open.has(CALL + id)) this.call(id, textOf(part['toolName']) ?? '');
    if (this.#open.get(CALL + id)?.filled === false) this.input(id, textOf(part['input']) ?? '');
    this.#endCall(id, part['providerMetadata']);
  }

  #endCall(id: string, metadata?: unknown): void {
    const entry = this.#open.get(CALL + id);
    if (entry === undefined) return;
    this.#open.delete(CALL + id);
    const index = this.#indexOf(entry);
    if (!entry.filled) this.#emit({ type: 'input-delta', index, json: '{}' });
    const sealed = sealOf(mergedMetadata(undefined, metadata));
    this.#emit({ type: 'block-end', index, ...(sealed !== undefined && { seal: sealed }) });
  }

  /** A source of the text that is being written, or of the next one. */
  source(part: Unread): void {
    const [url, title] = [textOf(part['url']), textOf(part['title'])];
    if (url === undefined) return;
    const annotation: Annotation = { type: 'url', url, ...(title !== undefined && { title }) };
    const index = [...this.#open.values()].find(({ head }) => head.type === 'text')?.index;
    if (index === undefined) this.#sources.push(annotation);
    else this.#emit({ type: 'annotation', index, annotation });
  }

  /** A picture or a sound; false when it is neither, or only a link to it. */
  file(part: Unread): boolean {
    const [media, format] = (textOf(part['mediaType']) ?? '').split('/');
    const base64 = base64Of(part['data']);
    if (base64 === undefined || (media !== 'image' && media !== 'audio' && media !== 'video')) return false;
    const index = this.#next++;
    const block: BlockHead = { type: 'media', media, ...(format !== undefined && format !== '*' && { format }) };
    this.#emit({ type: 'block-start', index, block });
    this.#emit({ type: 'audio-delta', index, base64 });
    this.#emit({ type: 'block-end', index });
    return true;
  }

  /** Ends what is still open, and shows the sources that met no text. */
  endAll(): void {
    for (const [key, { head }] of this.#open) {
      if (head.type === 'tool-call') this.#endCall(key.slice(CALL.length));
      else if (head.type === 'text' || head.type === 'reasoning') this.end(key.slice(head.type.length), head.type);
    }
    if (this.#sources.length === 0) return;
    this.#indexOf({ head: { type: 'text' }, filled: false });
    this.#emit({ type: 'block-end', index: this.#next - 1 });
  }

  #indexOf(entry: Entry): number {
    if (entry.index !== undefined) return entry.index;
    const index = this.#next++;
    entry.index = index;
    this.#emit({ type: 'block-start', index, block: entry.head });
    if (entry.head.type === 'text')
      for (const annotation of this.#sources.splice(0)) this.#emit({ type: 'annotation', index, annotation });
    return index;
  }
}
