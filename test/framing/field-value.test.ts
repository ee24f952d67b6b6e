import { expect, test } from 'vitest';
import { fieldValue } from '../../src/framing/field-value.ts';

const valueIn = (line: string): string => fieldValue(line, line.indexOf(':') + 1, line.length);

test('a field value loses the spaces and tabs around it, and nothing else', () => {
  expect(valueIn('name: \t value \t')).toBe('value');
  expect(valueIn('name:value')).toBe('value');
  expect(valueIn('name:')).toBe('');
  expect(valueIn('name: \t ')).toBe('');
  expect(valueIn('name: two  words ')).toBe('two  words');
  // `à` in UTF-8, one character per byte, ends in what reads as a no-break space.
  expect(valueIn('name: \u00c3\u00a0')).toBe('\u00c3\u00a0');
  expect(valueIn('name: \u000bx\u000c')).toBe('\u000bx\u000c');
});
