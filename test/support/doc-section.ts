import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

/**
 * Proves that a generated section of a document, between `<!-- generated: name -->` and `<!-- /generated -->`, is current.
 * With STREAMWEIR_GENERATE=1 it is written instead.
 */
export function expectSection(document: string, name: string, lines: readonly string[]): void {
  const file = fileURLToPath(new URL(`../../${document}`, import.meta.url));
  const text = readFileSync(file, 'utf8');
  const open = `<!-- generated: ${name} -->\n`;
  const start = text.indexOf(open);
  const end = text.indexOf('<!-- /generated -->', start);
  if (start < 0 || end < 0) throw new Error(`${document} has no section ${name}`);
  const wanted = `\n${lines.join('\n')}\n\n`;
  if (process.env['STREAMWEIR_GENERATE'] === '1')
    writeFileSync(file, text.slice(0, start + open.length) + wanted + text.slice(end));
  else
    expect(
      text.slice(start + open.length, end),
      `${document}, section ${name}: run the tests with STREAMWEIR_GENERATE=1 to renew it`,
    ).toBe(wanted);
}
