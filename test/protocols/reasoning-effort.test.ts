import { expect, test } from 'vitest';
import { wordFor } from '../../src/protocols/reasoning-effort.ts';

test.each([
  [{ effort: 'max' }, 'xhigh'],
  [{ effort: 'max', budget: 1024 }, 'xhigh'],
  [{ effort: 'xhigh' }, 'xhigh'],
  [{ effort: 'none' }, 'none'],
  [{ effort: 'a word of tomorrow' }, 'a word of tomorrow'],
  [{ budget: 0 }, undefined],
  [{ budget: -1 }, 'medium'],
  [{ budget: 1024 }, 'low'],
  [{ budget: 1_000_000 }, 'high'],
])('%o is said to formats that have words alone as %s', (reasoning, word) => {
  expect(wordFor(reasoning)).toBe(word);
});
