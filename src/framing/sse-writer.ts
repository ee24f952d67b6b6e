// JSON.stringify leaves these three bare, and readers that split at Unicode line ends cut the JSON there (WD-03, OR-09).
const LINE_END = /[\u0085\u2028\u2029]/;
const LINE_ENDS = /[\u0085\u2028\u2029]/g;
const ESCAPES: Record<string, string> = { '\u0085': '\\u0085', '\u2028': '\\u2028', '\u2029': '\\u2029' };

/** JSON text in which no character ends a line for any reader; costs one search when there is none. */
export function lineSafe(json: string): string {
  return LINE_END.test(json) ? json.replace(LINE_ENDS, (end) => ESCAPES[end] ?? end) : json;
}

// From here on, searches by patterns are faster than looking at each character.
const SHORT = 64;

/** Whether a short text is nothing but printable ASCII that JSON writes as it is, as most tokens are; costs a look at each character. */
export function isPlain(text: string): boolean {
  if (text.length > SHORT) return false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 32 || code > 126 || code === 34 || code === 92) return false;
  }
  return true;
}

/** A text as JSON in which no character ends a line for any reader. */
export function jsonText(text: string): string {
  return isPlain(text) ? `"${text}"` : lineSafe(JSON.stringify(text));
}

/** A data-only event, whole: `data: {…}\n\n`. The JSON text must be one line. */
export function dataFrame(json: string): string {
  return `data: ${lineSafe(json)}\n\n`;
}

/** A named event, whole: `event: name\ndata: {…}\n\n`. The JSON text must be one line. */
export function namedFrame(name: string, json: string): string {
  return `event: ${name}\ndata: ${lineSafe(json)}\n\n`;
}

/** The last frame of the formats that end with a marker. */
export const DONE_FRAME = 'data: [DONE]\n\n';
