import type { Annotation } from '../../model/block.ts';
import type { Json, JsonObject } from '../../model/json.ts';

type UrlAnnotation = Extract<Annotation, { type: 'url' }>;

/** Gathers the sources of one candidate's text, which this format tells of beside the content. */
export class Grounding {
  readonly #chunks = new Map<string, number>();
  readonly #webs: Json[] = [];
  readonly #supports: Json[] = [];
  #text = '';
  /** Where the block that is written begins in all text. */
  #before = 0;

  /** A block of text begins. */
  block(): void {
    this.#before = this.#text.length;
  }

  /** Takes the next piece of the text. */
  text(text: string): void {
    this.#text += text;
  }

  /** Takes a source of the block that is written. Costs a copy of the text. */
  add({ url, title, start, end }: UrlAnnotation): void {
    let number = this.#chunks.get(url);
    if (number === undefined) {
      number = this.#webs.length;
      this.#chunks.set(url, number);
      this.#webs.push({ web: { uri: url, ...(title !== undefined && { title }) } });
    }
    if (start === undefined || end === undefined || end <= start) return;
    const place = (at: number): number => Buffer.byteLength(this.#text.slice(0, this.#before + at));
    const text = this.#text.slice(this.#before + start, this.#before + end);
    this.#supports.push({
      segment: { startIndex: place(start), endIndex: place(end), text },
      groundingChunkIndices: [number],
    });
  }

  /** What stands beside the candidate's content; nothing where there was no source. */
  metadata(): JsonObject {
    if (this.#webs.length === 0) return {};
    const groundingSupports = this.#supports;
    return {
      groundingMetadata: {
        groundingChunks: this.#webs,
        ...(groundingSupports.length > 0 && { groundingSupports }),
      },
    };
  }
}
