import type { FinishReason } from '../../model/event.ts';
import { asNumber, asString } from '../../model/json.ts';
import type { Json } from '../../model/json.ts';

/** What an upstream's `finishReason` means; words that are not here are `other` (§9). */
export const FINISH: ReadonlyMap<string, FinishReason> = new Map<string, FinishReason>([
  ['STOP', 'stop'],
  ['CONTINUATION', 'pause'],
  ['MAX_TOKENS', 'length'],
  ['SAFETY', 'filter'],
  ['RECITATION', 'filter'],
  ['BLOCKLIST', 'filter'],
  ['PROHIBITED_CONTENT', 'filter'],
  ['SPII', 'filter'],
  ['MODEL_ARMOR', 'filter'],
  ['IMAGE_SAFETY', 'filter'],
  ['IMAGE_PROHIBITED_CONTENT', 'filter'],
  ['IMAGE_RECITATION', 'filter'],
  ['LANGUAGE', 'other'],
  ['OTHER', 'other'],
  ['NO_IMAGE', 'other'],
  ['IMAGE_OTHER', 'other'],
]);

/** Ends that say that the model failed: an error for every client but those that know the word. */
export const FAULTS: ReadonlyMap<string, string> = new Map([
  ['MALFORMED_FUNCTION_CALL', 'The model wrote a function call that cannot be read.'],
  ['UNEXPECTED_TOOL_CALL', 'The model called a tool that was not offered.'],
  ['TOO_MANY_TOOL_CALLS', 'The model called too many tools in a row.'],
  ['MISSING_THOUGHT_SIGNATURE', 'A thought signature is missing from the conversation.'],
  ['MALFORMED_RESPONSE', 'The model wrote an answer that cannot be read.'],
]);

const WORDS: Record<FinishReason, string> = {
  stop: 'STOP',
  'stop-sequence': 'STOP',
  length: 'MAX_TOKENS',
  'context-full': 'MAX_TOKENS',
  'tool-calls': 'STOP',
  filter: 'SAFETY',
  pause: 'STOP',
  other: 'OTHER',
};

/** The word for an end (GM-06): the upstream's own where it is one of this format. */
export function finishWord(reason: FinishReason, raw: string | undefined): string {
  const known = raw !== undefined && (FAULTS.has(raw) || (FINISH.has(raw) && raw !== 'CONTINUATION'));
  return known ? raw : WORDS[reason];
}

// An upstream that was asked for `enum-encoding=int` writes these; both hosts agree on the first six.
const FINISH_NUMBERS = [
  '',
  'STOP',
  'MAX_TOKENS',
  'SAFETY',
  'RECITATION',
  'OTHER',
  'LANGUAGE',
  'BLOCKLIST',
  'PROHIBITED_CONTENT',
  'SPII',
  'MALFORMED_FUNCTION_CALL',
  'IMAGE_SAFETY',
  'UNEXPECTED_TOOL_CALL',
  'TOO_MANY_TOOL_CALLS',
];
const BLOCK_NUMBERS = ['', 'SAFETY', 'OTHER', 'BLOCKLIST', 'PROHIBITED_CONTENT', 'IMAGE_SAFETY'];

/** A `finishReason` as a word, whether it came as one or as a number; undefined while there is none. */
export function finishReasonOf(value: Json | undefined): string | undefined {
  return wordOf(value, FINISH_NUMBERS, 'FINISH_REASON_UNSPECIFIED');
}

/** A `blockReason` as a word; undefined where the prompt was not blocked. */
export function blockReasonOf(value: Json | undefined): string | undefined {
  return wordOf(value, BLOCK_NUMBERS, 'BLOCK_REASON_UNSPECIFIED');
}

function wordOf(value: Json | undefined, numbers: readonly string[], unspecified: string): string | undefined {
  const number = asNumber(value) ?? (/^\d+$/.test(asString(value) ?? '') ? Number(value) : undefined);
  const word = number === undefined ? asString(value) : (numbers[number] ?? String(number));
  return word === '' || word === unspecified || word === 'BLOCKED_REASON_UNSPECIFIED' ? undefined : word;
}

const MIME: ReadonlyMap<string, string> = new Map([
  ['jpg', 'image/jpeg'],
  ['mp3', 'audio/mp3'],
  ['mpeg', 'audio/mpeg'],
  ['opus', 'audio/ogg'],
  ['pcm16', 'audio/L16;codec=pcm;rate=24000'],
  ['pcm', 'audio/L16;codec=pcm;rate=24000'],
  ['pdf', 'application/pdf'],
  ['txt', 'text/plain'],
  ['mov', 'video/quicktime'],
]);
const USUAL: Record<'image' | 'audio' | 'video' | 'document', string> = {
  image: 'image/png',
  audio: 'audio/wav',
  video: 'video/mp4',
  document: 'application/pdf',
};

/** The MIME type of a picture, sound, film or document of a format (`png`, `mp3`, a MIME type's second half). */
export function mimeOf(media: keyof typeof USUAL, format: string | undefined): string {
  if (format === undefined || format === '') return USUAL[media];
  if (format.includes('/')) return format;
  return MIME.get(format) ?? (media === 'document' ? `application/${format}` : `${media}/${format}`);
}

/** What a MIME type holds: a picture, a sound, a film, or else a document. */
export function mediaOf(mimeType: string): keyof typeof USUAL {
  const kind = mimeType.slice(0, Math.max(0, mimeType.indexOf('/'))).toLowerCase();
  return kind === 'image' || kind === 'audio' || kind === 'video' ? kind : 'document';
}

const FORMATS: ReadonlyMap<string, string> = new Map([
  ['x-wav', 'wav'],
  ['wave', 'wav'],
  ['mpeg', 'mp3'],
]);

/** The format that a MIME type names: `image/png` is `png`. */
export function formatOf(mimeType: string): string {
  const format = mimeType.slice(mimeType.indexOf('/') + 1);
  return (mimeType.startsWith('audio/') ? FORMATS.get(format) : undefined) ?? format;
}
