import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { missingRules, RULES, rulesPage } from '../../scripts/rules.ts';
import { parse } from './source.ts';
import { rulesIn, titlesOf } from './titles.ts';
import { readText, ROOT } from './tree.ts';

const reference = join(ROOT, '../shared/reference');
const pages = ['wire-openresponses.md', 'wire-other-dialects.md'].map((name) => join(reference, name));

test('no rule is missing: each is named by a test or waits for something that does not exist yet', () => {
  expect(missingRules().map((rule) => `${rule.id} ${rule.title}`)).toEqual([]);
});

test('docs/rules.md is what would be made now', () => {
  expect(readText('docs/rules.md'), 'run npm run generate').toBe(rulesPage());
});

test('every rule stands once, in order of its number', () => {
  const ids = RULES.map((rule) => rule.id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const family of new Set(ids.map((id) => id.slice(0, 2)))) {
    const numbers = ids.filter((id) => id.startsWith(family)).map((id) => Number(id.slice(3)));
    expect(numbers, family).toEqual(numbers.map((_, index) => index + 1));
  }
});

test.skipIf(!pages.every((page) => existsSync(page)))('the list has the ids of the wire references', () => {
  const named = pages.flatMap((page) => readFileSync(page, 'utf8').match(/(?<=\*\*)[A-Z]{2}-\d\d(?=\*\*)/g) ?? []);
  const ours = named.filter((id) => rulesIn(id).length === 1);
  expect(new Set(RULES.map((rule) => rule.id))).toEqual(new Set(ours));
});

test('only titles of tests that run count', () => {
  const text = `
    // CC-01
    test('CC-02 plain', () => f('CC-03'));
    test.each([['CC-04', 1]])('%s of a table', () => {});
    test.skipIf(no)(\`CC-05 \${some}\`, () => {});
    test.skip('CC-06 skipped', () => {});
    describe('CC-07 a group', () => test.todo('CC-08 not written'));`;
  expect(rulesIn(titlesOf(parse('a.test.ts', text)).join(' '))).toEqual(
    ['CC-07', 'CC-02', 'CC-04', 'CC-05'].toSorted(),
  );
});
