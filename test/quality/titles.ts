import ts from 'typescript';
import { parse } from './source.ts';
import { sourceFiles } from './tree.ts';

const RULE = /\b(?:OR|WD|CC|LC|MS|GM|SP|TR|EM|ML|UP)-\d\d\b/g;

/** Rule ids in a text, each once. */
export function rulesIn(text: string): readonly string[] {
  return [...new Set(text.match(RULE) ?? [])];
}

/** For every rule id, the test files with a test that names it in its title. */
export function coverage(): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const file of sourceFiles(['test']).filter((each) => each.path.endsWith('.test.ts')))
    for (const rule of rulesIn(titlesOf(parse(file.path, file.text)).join('\n')))
      found.set(rule, [...(found.get(rule) ?? []), file.path]);
  return found;
}

/** Titles of the tests and groups of a file, with the rows of their tables; what is skipped always does not count. */
export function titlesOf(file: ts.SourceFile): readonly string[] {
  return testCalls(file)
    .filter((call) => !isSwitchedOff(call))
    .map(titleOf);
}

/** How many tests and groups of a file are switched off for good, or switch off all others. */
export function switchedOff(file: ts.SourceFile): number {
  return testCalls(file).filter(isSwitchedOff).length;
}

function testCalls(node: ts.Node): readonly ts.CallExpression[] {
  const found: ts.CallExpression[] = [];
  if (ts.isCallExpression(node) && /^(test|it|describe)\b/.test(chainOf(node.expression))) found.push(node);
  ts.forEachChild(node, (child) => void found.push(...testCalls(child)));
  return found;
}

function isSwitchedOff(call: ts.CallExpression): boolean {
  return /\.(skip|todo|only)\b/.test(chainOf(call.expression));
}

// `test.each(table)` reads as `test.each`; the call that has the title is the outermost one.
function chainOf(node: ts.Expression): string {
  if (ts.isIdentifier(node)) return node.text;
  if (ts.isPropertyAccessExpression(node)) return `${chainOf(node.expression)}.${node.name.text}`;
  return ts.isCallExpression(node) ? chainOf(node.expression) : '';
}

function titleOf(call: ts.CallExpression): string {
  const title = call.arguments[0];
  const table = ts.isCallExpression(call.expression) ? call.expression.arguments[0] : undefined;
  const words =
    title !== undefined && (ts.isStringLiteralLike(title) || ts.isTemplateExpression(title)) ? title.getText() : '';
  return table !== undefined && ts.isArrayLiteralExpression(table) ? `${words} ${table.getText()}` : words;
}
