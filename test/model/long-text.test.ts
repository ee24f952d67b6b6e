import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LongText } from '../../src/model/long-text.ts';

test('a long text is all its pieces in order, however often it is read in between', () => {
  const step = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constant(undefined));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const text = new LongText();
      let said = '';
      for (const piece of steps) {
        if (piece === undefined) expect(text.value).toBe(said);
        else {
          text.add(piece);
          said += piece;
        }
      }
      expect(text.value).toBe(said);
    }),
  );
});
