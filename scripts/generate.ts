// Writes what is made from the source: the JSON Schema of streamweir.yaml, the tables of docs/configuration.md, the list of rules.
// `--check` writes nothing and fails when something is out of date. Names of files narrow it to these.
import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { CONFIG } from '../src/config/schema.ts';
import { CATALOG } from '../src/providers/catalog.ts';
import { needsOf, needsText } from '../src/providers/needs.ts';
import { ratchetText } from './ratchet.ts';
import { rulesPage } from './rules.ts';

interface SchemaNode {
  readonly description?: string;
  readonly $comment?: string;
  readonly default?: unknown;
  readonly anyOf?: readonly { readonly enum?: readonly string[] }[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | boolean;
}

const SCHEMA_FILE = 'streamweir.schema.json';
const RULES_FILE = 'docs/rules.md';
const DOCS_FILE = 'docs/configuration.md';

const schema = { title: 'streamweir.yaml', ...z.toJSONSchema(CONFIG, { io: 'input' }) };

function keyRows(node: SchemaNode, path: string): readonly string[] {
  const below = Object.entries(node.properties ?? {});
  if (typeof node.additionalProperties === 'object') below.push(['<name>', node.additionalProperties]);
  return below.flatMap(([key, child]) => {
    const name = path === '' ? key : `${path}.${key}`;
    const inner = keyRows(child, name);
    return inner.length > 0
      ? inner
      : [`| \`${name}\` | ${kind(child)} | ${fallback(child)} | ${child.description ?? ''} |`];
  });
}

function kind(node: SchemaNode): string {
  const words = node.anyOf?.flatMap((option) => option.enum ?? []) ?? [];
  // A list of every provider would drown its row; the table of providers has it.
  if (words.length > 8) return 'word';
  if (words.length > 0) return words.map((word) => `\`${word}\``).join(', ');
  if (node.minimum !== undefined) return `count, ${node.minimum} to ${node.maximum}`;
  return node.$comment ?? '';
}

function fallback(node: SchemaNode): string {
  return node.default === undefined
    ? ''
    : `\`${typeof node.default === 'string' ? node.default : JSON.stringify(node.default)}\``;
}

function providerRows(): readonly string[] {
  return [...CATALOG.values()].map((row) => {
    const names = [row.name, ...row.aliases].map((name) => `\`${name}\``).join(', ');
    return `| ${names} | ${row.title} | \`${row.baseUrl}\` | ${needsText(needsOf(row), (name) => `\`${name}\``)} |`;
  });
}

function docs(current: string): string {
  const keys = ['| key | value | default | meaning |', '|---|---|---|---|', ...keyRows(schema as SchemaNode, '')];
  const providers = ['| name | provider | base URL | switched on by |', '|---|---|---|---|', ...providerRows()];
  return between(between(current, 'keys', keys), 'providers', providers);
}

function between(text: string, name: string, lines: readonly string[]): string {
  const [begin, end] = [`<!-- generated: ${name} -->`, `<!-- end: ${name} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from === -1 || to === -1) throw new Error(`${DOCS_FILE} has no place for the generated ${name}`);
  return `${text.slice(0, from + begin.length)}\n${lines.join('\n')}\n${text.slice(to)}`;
}

const outputs = new Map([
  [SCHEMA_FILE, `${JSON.stringify(schema, null, 2)}\n`],
  [DOCS_FILE, docs(readFileSync(DOCS_FILE, 'utf8'))],
  [RULES_FILE, rulesPage()],
  ['ratchet.json', ratchetText()],
]);

const check = process.argv.includes('--check');
const named = process.argv.slice(2).filter((argument) => outputs.has(argument));

for (const [file, content] of outputs) {
  if ((named.length > 0 && !named.includes(file)) || read(file) === content) continue;
  if (check) console.error(`${file} is out of date: npm run generate`);
  else writeFileSync(file, content);
  if (check) process.exitCode = 1;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
