import { givenCallId, ownSignature } from './seals.ts';
import { mimeOf } from './words.ts';
import type { Block, MediaBlock, ToolCallBlock, ToolResultBlock } from '../../model/block.ts';
import { unsupported } from '../../model/errors.ts';
import { asObject, asString, parseJson } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { Turn } from '../../model/request.ts';

/** What generations of models differ in. */
export interface ContentSetting {
  /** Calls of the last steps must be signed; those of another model get a signature that is known to be none. */
  readonly demandsSignatures: boolean;
  /** Results of tools may hold pictures. */
  readonly seesResults: boolean;
}

/** The conversation in this format's words. */
export interface WrittenContents {
  readonly contents: readonly JsonObject[];
  readonly systemInstruction?: JsonObject;
}

// The reference names this text for calls that another model made.
const UNSIGNED = 'skip_thought_signature_validator';

interface Content {
  readonly role: 'user' | 'model';
  /** Results of tools, which stand before what else was said. */
  readonly results: { readonly order: number; readonly part: JsonObject }[];
  readonly parts: JsonObject[];
}

/** Writes turns as contents whose roles alternate; system turns are one instruction. */
export function writeContents(turns: readonly Turn[], setting: ContentSetting): WrittenContents {
  const writer = new ContentWriter(setting);
  for (const turn of turns) writer.turn(turn);
  return writer.written();
}

class ContentWriter {
  readonly #setting: ContentSetting;
  readonly #contents: Content[] = [];
  readonly #system: JsonObject[] = [];
  /** Names of the tools that were called, and the place of each call among all, by id. */
  readonly #calls = new Map<string, { readonly name: string; readonly order: number }>();

  constructor(setting: ContentSetting) {
    this.#setting = setting;
  }

  turn({ role, blocks }: Turn): void {
    if (role === 'system' || role === 'developer') {
      for (const block of blocks) this.#system.push(...this.#part(block, undefined));
      return;
    }
    const side = role === 'assistant' ? 'model' : 'user';
    const last = this.#contents.at(-1);
    const content = last?.role === side ? last : ({ role: side, results: [], parts: [] } satisfies Content);
    for (const block of blocks) content.parts.push(...this.#part(block, content));
    if (content !== last && content.parts.length + content.results.length > 0) this.#contents.push(content);
  }

  written(): WrittenContents {
    const contents = this.#contents.map(({ role, results, parts }) => ({
      role,
      // Without ids a result belongs to the call at its place.
      parts: [...results.toSorted((a, b) => a.order - b.order).map(({ part }) => part), ...parts],
    }));
    // A conversation of nothing but instructions is one that the user says.
    if (contents.length === 0) return { contents: [{ role: 'user', parts: this.#system }] };
    return { contents, ...(this.#system.length > 0 && { systemInstruction: { parts: this.#system } }) };
  }

  #part(block: Block, content: Content | undefined): readonly JsonObject[] {
    switch (block.type) {
      case 'text':
        return block.text === '' && ownSignature(block.seal) === undefined ? [] : [signed({ text: block.text }, block)];
      case 'refusal':
        return block.text === '' ? [] : [{ text: block.text }];
      case 'reasoning':
      case 'reasoning-summary':
        return writeThought(block.text, ownSignature(block.seal));
      case 'tool-call':
        return [this.#call(block, content)];
      case 'tool-result':
        return this.#result(block, content);
      case 'media':
        return [signed(writeMedia(block), block)];
      case 'native':
        return [ownPart(block.native.protocol === 'gemini' ? asObject(block.native.value) : undefined)];
      default:
        return block satisfies never;
    }
  }

  #call(block: ToolCallBlock, content: Content | undefined): JsonObject {
    const { id, name } = block;
    const given = givenCallId(id);
    this.#calls.set(id, { name, order: this.#calls.size });
    const functionCall = { ...(given !== undefined && { id: given }), name, args: argsOf(block) };
    const part = signed({ functionCall }, block);
    // Only the first of parallel calls is signed.
    const first = content?.parts.every((each) => !('functionCall' in each)) === true;
    const bare = first && this.#setting.demandsSignatures && !('thoughtSignature' in part);
    return bare ? { ...part, thoughtSignature: UNSIGNED } : part;
  }

  #result(block: ToolResultBlock, content: Content | undefined): readonly JsonObject[] {
    const call = this.#calls.get(block.id);
    const given = givenCallId(block.id);
    const media = block.output.filter((each) => each.type === 'media');
    const inside = this.#setting.seesResults && media.every(({ source }) => source.type === 'base64');
    const functionResponse = {
      ...(given !== undefined && { id: given }),
      name: call?.name ?? block.id,
      response: responseOf(block),
      ...(inside && media.length > 0 && { parts: media.map(writeMedia) }),
    };
    content?.results.push({ order: call?.order ?? this.#calls.size, part: { functionResponse } });
    // What older models cannot see in a result they see beside it.
    return inside ? [] : media.map(writeMedia);
  }
}

function ownPart(part: JsonObject | undefined): JsonObject {
  return (
    part ??
    unsupported('input', "The chosen model's provider does not know one of the kinds of content in this conversation.")
  );
}

function signed(part: JsonObject, { seal }: Exclude<Block, { type: 'native' | 'tool-result' }>): JsonObject {
  const thoughtSignature = ownSignature(seal);
  return thoughtSignature === undefined ? part : { ...part, thoughtSignature };
}

// Thoughts that their maker did not sign are of no use to it; a signature alone came on an empty text.
function writeThought(text: string, thoughtSignature: string | undefined): readonly JsonObject[] {
  if (thoughtSignature === undefined) return [];
  return [text === '' ? { text, thoughtSignature } : { text, thought: true, thoughtSignature }];
}

function argsOf({ input, custom }: ToolCallBlock): Json {
  if (custom === true) return { input };
  try {
    return asObject(parseJson(input)) ?? {};
  } catch {
    // A call that was cut off: the model is shown what it wrote.
    return input.trim() === '' ? {} : { input };
  }
}

function responseOf({ output, failed }: ToolResultBlock): JsonObject {
  const text = output
    .map((block) => {
      if (block.type === 'native') return JSON.stringify(block.native.value);
      return 'text' in block ? block.text : '';
    })
    .join('');
  if (failed) return { error: text };
  return objectIn(text) ?? { output: text };
}

function objectIn(text: string): JsonObject | undefined {
  if (!text.trimStart().startsWith('{')) return undefined;
  try {
    return asObject(parseJson(text));
  } catch {
    return undefined;
  }
}

function writeMedia({ media, source, format, name }: MediaBlock): JsonObject {
  if (source.type === 'base64') {
    const mimeType = source.mimeType ?? mimeOf(media, format);
    return {
      inlineData: {
        mimeType,
        data: source.data,
        ...(name !== undefined && media === 'document' && { displayName: name }),
      },
    };
  }
  const fileUri = source.type === 'url' ? source.url : source.id;
  if (!/^(?:https?|gs):\/\//.test(fileUri))
    return unsupported(
      'input',
      `The chosen model's provider takes no ${media} from a ${source.type}. Send it inline as base64.`,
    );
  const mimeType = format === undefined ? guessed(fileUri) : mimeOf(media, format);
  return { fileData: { ...(mimeType !== undefined && { mimeType }), fileUri } };
}

const BY_ENDING: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  gif: 'image/gif',
  heic: 'image/heic',
  pdf: 'application/pdf',
  mp3: 'audio/mp3',
  wav: 'audio/wav',
  mp4: 'video/mp4',
  txt: 'text/plain',
};

function guessed(url: string): string | undefined {
  const [, ending] = /\.([a-z0-9]+)(?:[?#]|$)/i.exec(url) ?? [];
  return BY_ENDING[asString(ending)?.toLowerCase() ?? ''];
}
