import { isAscii } from 'node:buffer';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isPlain, jsonText, lineSafe } from '../../src/framing/sse-writer.ts';

const unit = fc.constantFrom('a', ' ', '~', '"', '\\', '\n', '\u007f', '\u0085', '\u2028', 'é', '日', '😀', '\ud800');

test('a text becomes the JSON that the serialiser makes of it, and what is called plain is ASCII', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit, maxLength: 80 }), fc.string({ maxLength: 80 })), (text) => {
      expect(jsonText(text)).toBe(lineSafe(JSON.stringify(text)));
      if (isPlain(text)) expect(isAscii(Buffer.from(text))).toBe(true);
    }),
    { numRuns: 2000 },
  );
  expect([isPlain('token'), isPlain('é'), isPlain('"')]).toEqual([true, false, false]);
});
