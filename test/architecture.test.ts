import { describe, expect, test } from 'vitest';
import { importProblems, nameProblems, parseCodecFiles, parseLayers } from './quality/layers.ts';
import { anysOf, companiesIn, effectsOf, importsOf, isBarrel } from './quality/source.ts';
import { functionLengths, parse, undocumentedExports, unionLiterals } from './quality/source.ts';
import { CODE_FOLDERS, lineCount, readText, sourceFiles } from './quality/tree.ts';

const LINES_BY_LAW = 300;
const FUNCTION_LINES = 50;

const longFunctions = (file: ReturnType<typeof parse>): readonly string[] =>
  functionLengths(file)
    .filter((each) => each.lines > FUNCTION_LINES)
    .map((each) => each.place);

const layers = parseLayers(readText('ARCHITECTURE.md'));
const codecFiles = parseCodecFiles(readText('ARCHITECTURE.md'));
const ours = sourceFiles(CODE_FOLDERS).map((file) => ({ ...file, tree: parse(file.path, file.text) }));
const product = ours.filter((file) => file.path.startsWith('src/'));
const pure = product.filter((file) => layers.some((layer) => layer.pure && file.path.startsWith(`src/${layer.name}/`)));
const protocolIds = unionLiterals(parse('block.ts', readText('src/model/block.ts')), 'ProtocolId');
const isCodecIndex = (path: string): boolean => /^src\/protocols\/[^/]+\/index\.ts$/.test(path);

describe('the project keeps its architecture', () => {
  test('the list of layers is read, and there is code to check', () => {
    expect(layers.map((layer) => layer.name)).toEqual(expect.arrayContaining(['model', 'framing', 'protocols', 'cli']));
    expect(product.length).toBeGreaterThan(10);
    expect(protocolIds).toContain('openai-chat');
    expect(codecFiles.roles).toContain('decoder');
  });

  test('a layer imports only what its line names, and codecs do not import one another', () => {
    expect(product.flatMap((file) => importProblems(file.path, importsOf(file.tree), layers))).toEqual([]);
  });

  test('the pure half has no clock, chance, network, environment or timer', () => {
    expect(pure.flatMap((file) => effectsOf(file.tree))).toEqual([]);
  });

  test('no file is longer than the law allows', () => {
    const long = ours.filter((file) => lineCount(file.text) > LINES_BY_LAW);
    expect(long.map((file) => `${file.path}: ${lineCount(file.text)} lines`)).toEqual([]);
  });

  test('no function is longer than the law allows', () => {
    expect(ours.flatMap((file) => longFunctions(file.tree))).toEqual([]);
  });

  test('files have names that say what is inside, and a codec folder has the agreed ones', () => {
    expect(ours.flatMap((file) => nameProblems(file.path, codecFiles))).toEqual([]);
    const folders = new Set(
      product.map((file) => /^src\/protocols\/[^/]+\//.exec(file.path)?.[0]).filter((each) => each !== undefined),
    );
    const indexes = product.map((file) => file.path).filter(isCodecIndex);
    expect(indexes).toEqual([...folders].map((folder) => `${folder}index.ts`));
  });

  test('only the index of a codec passes on what other files export', () => {
    expect(product.filter((file) => isBarrel(file.tree) && !isCodecIndex(file.path)).map((file) => file.path)).toEqual(
      [],
    );
  });

  test('names of companies stand in protocols/ and providers/ only', () => {
    const neutral = product.filter((file) => !/^src\/(protocols|providers)\//.test(file.path));
    expect(
      neutral.flatMap((file) => companiesIn(file.text, protocolIds).map((name) => `${file.path}: ${name}`)),
    ).toEqual([]);
  });

  test('every export says in a sentence what it is', () => {
    expect(ours.filter((file) => file.path.endsWith('.ts')).flatMap((file) => undocumentedExports(file.tree))).toEqual(
      [],
    );
  });

  test('the type checker is never switched off', () => {
    expect(ours.flatMap((file) => anysOf(file.tree))).toEqual([]);
    const switches = new RegExp(['@ts-', '(ignore|expect-error|nocheck)|(ox|es)lint-', 'disable'].join(''));
    expect(ours.filter((file) => switches.test(file.text)).map((file) => file.path)).toEqual([]);
  });
});

const list = [
  '```layers',
  'src/',
  '  model/      pure  ← nothing   the words',
  '  protocols/  pure  ← model     formats',
];
const twoLayers = parseLayers([...list, '  relay/      -     ← protocols', '```', ''].join('\n'));
const bad = (text: string): ReturnType<typeof parse> => parse('bad.ts', text);

describe('each of these checks can fail', () => {
  test('a list that names a lower layer, or none at all, is refused', () => {
    expect(() => parseLayers('no block')).toThrow('no block fenced');
    expect(() => parseLayers('```layers\nsrc/\n  model/  pure  ← relay\n```\n')).toThrow('not above it');
    expect(() => parseLayers('```layers\nsrc/\n  model ← nothing\n```\n')).toThrow('not a layer line');
    expect(() => parseCodecFiles(list.join('\n') + '\n```\n')).toThrow('no line for <codec>/');
  });

  test.each([
    ['src/model/a.ts', '../relay/b.ts', 'may not import relay/'],
    ['src/model/a.ts', 'zod', 'is pure'],
    ['src/model/a.ts', 'node:fs', 'is pure'],
    ['src/relay/a.ts', '../model/b.ts', 'may not import model/'],
    ['src/relay/a.ts', '../../test/b.ts', 'outside src/'],
    ['src/protocols/one/decoder.ts', '../two/words.ts', 'sibling'],
    ['src/protocols/one/decoder.ts', '../index.ts', 'table of codecs'],
    ['src/protocols/index.ts', './two/words.ts', 'sibling'],
    ['src/other/a.ts', './b.ts', 'lies in no layer'],
    ['src/a.ts', './b.ts', 'lies in no layer'],
  ])('%s importing %s is a problem', (path, specifier, problem) => {
    expect(importProblems(path, [specifier], twoLayers).join()).toContain(problem);
  });

  test('what is allowed is no problem', () => {
    expect(
      importProblems('src/protocols/one/decoder.ts', ['../codec.ts', './words.ts', '../../model/a.ts'], twoLayers),
    ).toEqual([]);
    expect(importProblems('src/protocols/index.ts', ['./one/index.ts'], twoLayers)).toEqual([]);
    expect(importProblems('src/relay/a.ts', ['undici', '../protocols/codec.ts'], twoLayers)).toEqual([]);
  });

  test('imports are found in every form', () => {
    const text =
      "import a from 'a'; import type { B } from 'b'; export { c } from 'c'; import('d'); let e: import('e').E;";
    expect(importsOf(bad(text))).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test.each([
    'Date.now()',
    'new Date()',
    'Math.random()',
    'process.env',
    'fetch("x")',
    'setTimeout(f, 1)',
    '({ crypto })',
  ])('%s is an effect', (text) => {
    expect(effectsOf(bad(text))).toHaveLength(1);
  });

  test('a member that has the name of a global is no effect', () => {
    expect(effectsOf(bad('interface A { process: string } a.fetch(); const b = { Date: 1 };'))).toEqual([]);
  });

  test('long functions, empty doc comments, barrels and bare types are found', () => {
    const long = `function f() {\n${'g();\n'.repeat(60)}}`;
    expect(longFunctions(bad(long))).toHaveLength(1);
    expect(longFunctions(bad(`describe('x', () => {\n${'g();\n'.repeat(60)}})`))).toEqual([]);
    expect(
      undocumentedExports(bad('export const a = 1;\n/** */\nexport type B = 1;\n// no.\nexport function c() {}')),
    ).toHaveLength(3);
    expect(undocumentedExports(bad('/** One. */\nexport const a = 1;\nconst b = 2;'))).toEqual([]);
    expect(isBarrel(bad("export * from './a.ts';"))).toBe(true);
    expect(anysOf(bad('let a: any[];'))).toHaveLength(1);
  });

  test('vague names, wrong codec files and company names are found', () => {
    expect(nameProblems('src/relay/utils.ts', codecFiles)).toHaveLength(1);
    expect(nameProblems('src/protocols/one/stream.ts', codecFiles)).toHaveLength(1);
    expect(nameProblems('src/protocols/one/encoder-items.ts', codecFiles)).toEqual([]);
    expect(companiesIn("if (name === 'openai') x('openai-chat');", protocolIds)).toEqual(['openai']);
    expect(companiesIn("import { a } from '../protocols/openai-error.ts'; // plain", protocolIds)).toEqual([]);
  });
});
