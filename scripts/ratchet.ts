import { castsIn, forcedCasts, functionLengths, parse } from '../test/quality/source.ts';
import { switchedOff } from '../test/quality/titles.ts';
import { CODE_FOLDERS, lineCount, readText, sourceFiles } from '../test/quality/tree.ts';
import { missingRules, RULES } from './rules.ts';

/** Numbers of the whole project that may fall and never rise. */
export type Ratchet = Readonly<Record<string, number>>;

/** The numbers as they were last recorded. */
export const RECORDED: Ratchet = JSON.parse(readText('ratchet.json')) as Ratchet;

/** The numbers as they are now. */
export function measure(): Ratchet {
  const files = sourceFiles(CODE_FOLDERS).map((file) => ({ ...file, tree: parse(file.path, file.text) }));
  const product = files.filter((file) => file.path.startsWith('src/'));
  const lengths = files.map((file) => lineCount(file.text));
  return {
    longestFile: Math.max(...lengths),
    // Shares, for the project grows.
    filesOver200LinesInHundred: Math.ceil((100 * lengths.filter((length) => length > 200).length) / lengths.length),
    longestFunction: Math.max(...files.flatMap((file) => functionLengths(file.tree).map((each) => each.lines))),
    castsInTenThousandLines: Math.ceil(
      (10_000 * sum(product.map((file) => castsIn(file.tree)))) / sum(product.map((file) => lineCount(file.text))),
    ),
    castsThroughUnknown: sum(files.map((file) => forcedCasts(file.tree))),
    todos: sum(files.map((file) => file.text.match(/\b(?:TO-?DO|FIX-?ME)\b/g)?.length ?? 0)),
    skippedTests: sum(files.map((file) => switchedOff(file.tree))),
    rulesLater: RULES.filter((rule) => rule.later !== undefined).length,
    rulesMissing: missingRules().length,
  };
}

/** The recorded numbers, each lowered to what is measured where that is less. */
export function tightened(recorded: Ratchet, measured: Ratchet): Ratchet {
  return Object.fromEntries(
    Object.entries(measured).map(([name, now]) => [name, Math.min(now, recorded[name] ?? now)]),
  );
}

/** The text of `ratchet.json`; numbers only fall, so what became worse stays a failing test. */
export function ratchetText(): string {
  return `${JSON.stringify(tightened(RECORDED, measure()), null, 2)}\n`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
