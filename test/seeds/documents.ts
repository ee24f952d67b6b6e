import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A program as one of the source documents prints it. */
export interface SeedProgram {
  readonly document: string;
  readonly language: 'python' | 'typescript' | 'curl';
  readonly source: string;
}

const FOLDER = process.env['STREAMWEIR_SEEDS'] ?? fileURLToPath(new URL('../../../shared/seeds', import.meta.url));

/** Whether the source documents are there. Where they are not, tests that need them are skipped, which the runner shows. */
export const haveSeeds: boolean = existsSync(FOLDER);

if (!haveSeeds && process.env['STREAMWEIR_REQUIRE_ALL'] === '1') {
  throw new Error(`No source documents at ${FOLDER}; STREAMWEIR_SEEDS names another folder.`);
}

/** Every program and command of the five documents, in the order they stand there. */
export function seedPrograms(): readonly SeedProgram[] {
  if (!haveSeeds) return [];
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.txt'));
  return files.toSorted().flatMap((name) => programsOf(name.slice(0, 3), readFileSync(join(FOLDER, name), 'utf8')));
}

function programsOf(document: string, text: string): readonly SeedProgram[] {
  const fenced = [...text.matchAll(/^```(python|typescript)[^\n]*\n(.*?)^```/gms)];
  if (fenced.length > 0)
    return fenced.map(([, language, source]) => ({
      document,
      language: language as 'python' | 'typescript',
      source: source ?? '',
    }));
  return [...bareScripts(text), ...curlCommands(text)].map((found) => ({ document, ...found }));
}

type Found = Omit<SeedProgram, 'document'>;

// Documents that lost their fences: a program begins with one of these lines and ends where the next one, or prose, begins.
const BEGINNINGS: readonly (readonly [RegExp, Found['language']])[] = [
  [/^import requests$/m, 'python'],
  [/^from openai import OpenAI$/m, 'python'],
  [/^stream = client\.chat/m, 'python'],
  [/^const response = await fetch/m, 'typescript'],
  [/import OpenAI from "openai";$/m, 'typescript'],
];

function bareScripts(text: string): readonly Found[] {
  const starts = BEGINNINGS.flatMap(([pattern, language]) => {
    for (const { 0: line, index } of text.matchAll(new RegExp(pattern, 'gm'))) {
      // The first program holds the third of these lines too, right behind the client it makes: no beginning there.
      const inside = line.startsWith('stream =') && /OpenAI\([^()]*\)\s*$/.test(text.slice(0, index));
      if (!inside) return [{ index, language }];
    }
    return [];
  }).toSorted((one, other) => one.index - other.index);
  return starts.map(({ index, language }, at) => {
    const rest = text.slice(index, starts[at + 1]?.index);
    return language === 'python' ? { language, source: indented(code(rest)) } : { language, source: code(rest) };
  });
}

// Where prose or a command begins right behind a program, sometimes on its last line.
function code(text: string): string {
  return (/^.*?(?=curl https:|Streaming events\n|Stream Options\n|$(?![^]))/s.exec(text)?.[0] ?? text).trimEnd();
}

function curlCommands(text: string): readonly Found[] {
  return [
    ...text.matchAll(
      /curl (?:--location '|https:)(?:[^\n]*\\\n)+?(?:[^\n']*'[^']*'[^\n']*\\\n|[^\n]*\\\n)*[^\n']*'[^']*'/g,
    ),
  ].map(({ 0: source }) => ({ language: 'curl', source }));
}

/** Gives Python back the indentation that a document lost: a line that ends with a colon opens a level, and levels stay open to the end. */
function indented(source: string): string {
  let level = 0;
  let brackets = 0;
  return source
    .split('\n')
    .map((line) => {
      if (brackets === 0 && OUTDENTED[line] !== undefined) level = OUTDENTED[line];
      const out = '    '.repeat(level) + line;
      brackets += (line.match(/[([{]/g)?.length ?? 0) - (line.match(/[)\]}]/g)?.length ?? 0);
      if (brackets === 0 && line.endsWith(':')) level += 1;
      return out;
    })
    .join('\n');
}

// The one place where a block ends before the program does, which no line says: the final content is printed beside the reasoning.
const OUTDENTED: Readonly<Record<string, number>> = {
  '# Final content': 1,
};
