// JSON.stringify leaves these three bare, and readers that split at Unicode line ends cut the JSON there (WD-03, OR-09).
const LINE_END = /[\u0085\u2028\u2029]/;
const LINE_ENDS = /[\u0085\u2028\u2029]/g;
const ESCAPES: Record<string, string> = { '\u0085': '\\u0085', '\u2028': '\\u2028', '\u2029': '\\u2029' };

/** JSON text in which no character ends a line for any reader; costs one search when there is none. */
export function lineSafe(json: string): string {
  return LINE_END.test(json) ? json.replace(LINE_ENDS, (end) => ESCAPES[end] ?? end) : json;
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
