import { posix } from 'node:path';

/** One folder of `src/`, as the list in ARCHITECTURE.md gives it. */
export interface Layer {
  readonly name: string;
  /** Computes only: no clock, chance, network, environment, timers or packages. */
  readonly pure: boolean;
  /** Names of the layers it may import besides itself. */
  readonly imports: readonly string[];
}

/** The names a codec's folder may use, from the same list. */
export interface CodecFiles {
  /** One file each; a long one is split into parts that carry its name (`decoder-calls`). */
  readonly roles: readonly string[];
  /** What both halves of a codec need. */
  readonly shared: readonly string[];
}

const BLOCK = /^```layers\n([\s\S]*?)^```$/m;
const LINE = /^ {2}([a-z]+)\/ +(pure|-) +← ([a-z ]+?)(?: {2,}|$)/;
const CODEC_LINE = /^ {4}<codec>\/ +([a-z -]+?) · ([a-z -]+)$/m;

/**
 * Reads the layer list out of the one block fenced as `layers`.
 * @throws Error when the block is missing or names a layer before its line.
 */
export function parseLayers(markdown: string): readonly Layer[] {
  const layers: Layer[] = [];
  for (const line of listIn(markdown).split('\n').slice(1)) {
    if (line.trim() === '' || CODEC_LINE.test(line)) continue;
    const match = LINE.exec(line);
    if (match === null) throw new Error(`not a layer line: ${line}`);
    const [, name = '', purity, list = ''] = match;
    layers.push({ name, pure: purity === 'pure', imports: namesIn(list, layers, name) });
  }
  return layers;
}

/**
 * Reads the names of a codec's files out of the same block.
 * @throws Error when the block has no line for them.
 */
export function parseCodecFiles(markdown: string): CodecFiles {
  const match = CODEC_LINE.exec(listIn(markdown));
  if (match === null) throw new Error('the layer list has no line for <codec>/');
  const [, roles = '', shared = ''] = match;
  return { roles: roles.split(' '), shared: shared.split(' ') };
}

function listIn(markdown: string): string {
  const block = BLOCK.exec(markdown)?.[1];
  if (block === undefined) throw new Error('ARCHITECTURE.md has no block fenced as ```layers');
  return block;
}

function namesIn(list: string, above: readonly Layer[], name: string): readonly string[] {
  if (list === 'nothing') return [];
  const known = above.map((layer) => layer.name);
  if (list === 'all above') return known;
  const names = list.split(' ');
  for (const each of names)
    if (!known.includes(each)) throw new Error(`${name}/ names ${each}/, which is not above it`);
  return names;
}

/** What is wrong with the imports of one file under `src/`: forbidden layers, siblings, packages in pure layers. */
export function importProblems(
  path: string,
  specifiers: readonly string[],
  layers: readonly Layer[],
): readonly string[] {
  const layer = layers.find((each) => each.name === path.split('/')[1]);
  if (layer === undefined || path.split('/').length < 3) return [`${path}: lies in no layer of ARCHITECTURE.md`];
  return specifiers.flatMap((specifier) => {
    const problem = specifier.startsWith('.')
      ? relativeProblem(path, posix.join(posix.dirname(path), specifier), layer)
      : packageProblem(specifier, layer);
    return problem === undefined ? [] : [`${path}: ${problem}`];
  });
}

function relativeProblem(from: string, to: string, layer: Layer): string | undefined {
  if (!to.startsWith('src/')) return to === 'package.json' ? undefined : `imports ${to}, outside src/`;
  const target = to.split('/')[1] ?? '';
  if (target !== layer.name)
    return layer.imports.includes(target) ? undefined : `${layer.name}/ may not import ${target}/ (${to})`;
  return layer.name === 'protocols' ? siblingProblem(from, to) : undefined;
}

// A codec's folder sees itself and the shared root files; the table of all codecs sees every folder's index.
function siblingProblem(from: string, to: string): string | undefined {
  const [fromFolder, toFolder] = [from, to].map((path) => path.split('/').slice(2, -1).join('/'));
  if (toFolder === fromFolder) return undefined;
  if (toFolder === '') return to.endsWith('/index.ts') ? 'a codec may not import the table of codecs' : undefined;
  if (from === 'src/protocols/index.ts' && to.endsWith('/index.ts')) return undefined;
  return `protocols/${fromFolder}/ may not import its sibling protocols/${toFolder}/`;
}

const PURE_BUILT_INS = ['node:buffer', 'node:string_decoder'];

function packageProblem(specifier: string, layer: Layer): string | undefined {
  if (!layer.pure || PURE_BUILT_INS.includes(specifier)) return undefined;
  return `${layer.name}/ is pure and may not import ${specifier}`;
}

/** What is wrong with the name of a file: the agreed names of a codec's folder, and names that say nothing. */
export function nameProblems(path: string, codecFiles: CodecFiles): readonly string[] {
  const parts = path.replace(/\.\w+$/, '').split('/');
  const vague = parts.find((part) => /^(utils?|helpers?|common|misc|shared|lib)$/i.test(part));
  if (vague !== undefined) return [`${path}: '${vague}' says nothing of what is inside`];
  const [, layer, codec, file, deeper] = parts;
  if (layer !== 'protocols' || codec === undefined || file === undefined) return [];
  if (deeper !== undefined) return [`${path}: a codec is one flat folder`];
  const { roles, shared } = codecFiles;
  const agreed = roles.some((role) => file === role || file.startsWith(`${role}-`)) || shared.includes(file);
  return agreed ? [] : [`${path}: not one of ${[...roles, ...shared].join(' ')}, nor a part of one (decoder-calls)`];
}
