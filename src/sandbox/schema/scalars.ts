import { asNumber, asString } from '../../model/json.ts';
import type { JsonObject } from '../../model/json.ts';
import type { SchemaDocument } from './document.ts';
import { textFor } from './pattern-text.ts';

const TRIES = 64;

const FORMATS: Record<string, string> = {
  'date-time': '2024-05-17T09:30:00Z',
  date: '2024-05-17',
  time: '09:30:00Z',
  duration: 'PT90S',
  email: 'name@example.com',
  'idn-email': 'name@example.com',
  hostname: 'example.com',
  'idn-hostname': 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uri: 'https://example.com/',
  'uri-reference': 'https://example.com/',
  'uri-template': 'https://example.com/{id}',
  url: 'https://example.com/',
  iri: 'https://example.com/',
  'iri-reference': 'https://example.com/',
  uuid: '3f0a52c8-7b1d-4e60-9c25-8a1f6e0d4b90',
  'json-pointer': '/a/b',
  'relative-json-pointer': '1/a',
  regex: '^a+$',
  byte: 'c2FtcGxl',
};
// Formats whose text may grow at its end and stay valid.
const GROWING = /^(?:uri|url|iri|json-pointer)/;

/** Numbers that the bounds of a schema allow, the plainest first; `salt` moves the beginning, for lists without repeats. */
export function* numbersFor(schema: JsonObject, whole: boolean, salt: number): Generator<number, void> {
  const unit = asNumber(schema['multipleOf']);
  const low = boundOf(schema, 'minimum', 'exclusiveMinimum', Math.max);
  const high = boundOf(schema, 'maximum', 'exclusiveMaximum', Math.min);
  const step = unit ?? (whole || high.value - low.value > TRIES ? 1 : (high.value - low.value) / TRIES);
  const size = Number.isFinite(step) && step > 0 ? step : 1;
  const up = low.value > -Infinity || high.value >= size;
  const start = up ? Math.max(low.value, low.value === -Infinity ? size : low.value) : high.value;
  const aligned = up ? Math.ceil(start / size - 1e-9) * size : Math.floor(start / size + 1e-9) * size;
  const first = whole || unit !== undefined ? aligned : start;
  const from = (index: number): number => exact(first + (up ? index : -index) * size, size);
  const all = Array.from({ length: TRIES }, (_, index) => from(salt + index));
  // Validators that divide doubles take 0.3 for no multiple of 0.1: those that divide without a rest come first.
  if (unit !== undefined) yield* all.filter((value) => Number.isInteger(value / unit));
  yield* all;
  // The salt may have led beyond the bounds.
  for (let index = 0; index < Math.min(salt, TRIES); index++) yield from(index);
}

/** Texts that the keywords of a schema allow, the plainest first; `word` is what an unbound text says. */
export function* textsFor(
  schema: JsonObject,
  word: string,
  salt: number,
  document: SchemaDocument,
): Generator<string, void> {
  const least = asNumber(schema['minLength']) ?? 0;
  const most = asNumber(schema['maxLength']) ?? Infinity;
  document.spend(least);
  const source = asString(schema['pattern']);
  if (source !== undefined) {
    const pattern = document.pattern(source);
    for (let extra = 0; extra <= Math.min(1000, Math.max(8, least)); extra++) {
      const text = textFor(pattern, extra);
      if (text === undefined) continue;
      document.spend(text.length);
      if (salt > 0) yield text + String(salt);
      yield text;
      if (text.length < least) yield text + 'a'.repeat(least - text.length);
    }
  }
  const format = asString(schema['format']);
  const sample = format !== undefined && Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined;
  if (sample !== undefined) {
    yield salt === 0 || format !== 'uuid' ? sample : sample.slice(0, -4) + String(1000 + salt);
    if (GROWING.test(format ?? ''))
      yield sample + 'a'.repeat(Math.max(0, least - sample.length)) + (salt === 0 ? '' : String(salt));
  }
  for (let index = salt; index < salt + TRIES; index++)
    yield fitted(index === 0 ? word : `${word} ${index + 1}`, least, most);
}

function fitted(text: string, least: number, most: number): string {
  const chars = [...text];
  if (chars.length < least)
    return text + ' and so on'.repeat(Math.ceil((least - chars.length) / 10)).slice(0, least - chars.length);
  return chars.length <= most ? text : chars.slice(-most || chars.length).join('');
}

function boundOf(
  schema: JsonObject,
  inclusive: string,
  exclusive: string,
  tighter: (a: number, b: number) => number,
): { readonly value: number } {
  const none = tighter(-Infinity, Infinity) === Infinity ? -Infinity : Infinity;
  return { value: tighter(asNumber(schema[inclusive]) ?? none, asNumber(schema[exclusive]) ?? none) };
}

// Adding up steps of 0.1 leaves 0.30000000000000004: rounded to the decimals of the step.
function exact(value: number, step: number): number {
  const decimals = Math.min(12, (/\.(\d+)$/.exec(String(step))?.[1] ?? '').length);
  return step % 1 === 0 && value % 1 === 0 ? value : Number(value.toFixed(Math.max(decimals, 6)));
}
