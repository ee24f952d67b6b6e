const BACKSLASH = 92;
const QUOTE = 34;
const CONTROL = /[\u0000-\u001f]/;
const HALF_CHARACTER = /\\u[dD][89a-fA-F]/;
// One whole escape of a JSON string.
const ESCAPE: RegExp = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/g;
const UNESCAPED = /["\\]/;

/** What stands before and after the text of a message whose JSON names it by this key; empty strings where it does not. */
export function around(json: string, key: string): readonly [head: string, tail: string] {
  const at = json.indexOf(key);
  const begin = at + key.length;
  // A second one would leave open which of them is the text; inside a text the key's quotes are escaped.
  if (at < 0 || json.includes(key, begin)) return ['', ''];
  return [json.slice(0, begin), json.slice(closingQuote(json, begin))];
}

/** Where the JSON string that begins at an offset ends: at its first quote that is not escaped. */
export function closingQuote(text: string, begin: number): number {
  let quote = text.indexOf('"', begin);
  while (quote > begin && text.charCodeAt(quote - 1) === BACKSLASH) {
    let slashes = 1;
    while (text.charCodeAt(quote - 1 - slashes) === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return quote;
    quote = text.indexOf('"', quote + 1);
  }
  return quote;
}

/** Whether a part stands at an offset; `startsWith` takes five times as long, for it compares character by character. */
export function stands(text: string, part: string, at: number): boolean {
  return text.slice(at, at + part.length) === part;
}

// From here on, searches by patterns are faster than looking at each character.
const LONG = 100;

/**
 * Bytes of UTF-8 that the inside of a JSON string stands for, itself given as one character per byte; 0 if it is none: if it holds a control character,
 * a quote that would end it, an escape cut in two, or one that may be half a character (CC-03).
 */
export function plainLength(text: string, begin: number, end: number): number {
  if (end - begin <= LONG) {
    let at = begin;
    while (at < end && isOrdinary(text.charCodeAt(at))) at++;
    if (at === end) return end - begin;
  }
  const inside = text.slice(begin, end);
  if (CONTROL.test(inside)) return 0;
  if (!inside.includes('\\')) return inside.includes('"') ? 0 : inside.length;
  if (HALF_CHARACTER.test(inside) || UNESCAPED.test(inside.replaceAll(ESCAPE, ''))) return 0;
  let length = inside.length;
  for (const [escape] of inside.matchAll(ESCAPE)) {
    const code = escape.length === 2 ? 0 : Number.parseInt(escape.slice(2), 16);
    length -= escape.length - (code < 0x80 ? 1 : code < 0x800 ? 2 : 3);
  }
  return length;
}

function isOrdinary(code: number): boolean {
  return code >= 32 && code !== QUOTE && code !== BACKSLASH;
}
