// run.ts [PART OF A NAME]: measures all benches, or those whose names have the part in them, and exits with 1 when one is over its budget.
import { readFileSync } from 'node:fs';
import { codecBenches } from './codec.ts';
import { framingBenches } from './framing.ts';
import { measure } from './measure.ts';
import type { Measured } from './measure.ts';
import { relayBenches } from './relay.ts';
import { transportBenches } from './transport.ts';

const BUDGET = JSON.parse(readFileSync(new URL('budget.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, number>
>;

const part = process.argv[2] ?? '';
const all = [...framingBenches(), ...codecBenches(), ...transportBenches(), ...relayBenches()];
const stale = Object.keys(BUDGET).filter((name) => all.every((bench) => bench.name !== name));
const chosen = all.filter(({ name }) => name.includes(part));

if (chosen.length === 0) throw new Error(`No bench has '${part}' in its name.`);
const measured = measure(chosen);
const width = Math.max(...chosen.map(({ name }) => name.length));
console.log(row('', 'ns', 'ratio', 'budget'));
for (const each of measured)
  console.log(
    `${row(each.name, each.ns.toFixed(0), each.ratio.toFixed(3), budgetOf(each))}  ${isOver(each) ? '✗ over' : '✓'}`,
  );
for (const name of stale) console.log(`✗ budget.json has '${name}', which no bench is called.`);
process.exitCode = stale.length > 0 || measured.some(isOver) ? 1 : 0;

function row(name: string, ...columns: readonly string[]): string {
  return name.padEnd(width) + columns.map((column) => column.padStart(10)).join('');
}

function budgetOf({ name }: Measured): string {
  return BUDGET[name]?.toFixed(3) ?? 'none';
}

function isOver({ name, ratio }: Measured): boolean {
  return !(ratio <= (BUDGET[name] ?? 0));
}
