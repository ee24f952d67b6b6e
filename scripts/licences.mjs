// Judges the dependency tree: licences, lock-file habits, install scripts, and how many packages every start loads.
// Usage: node scripts/licences.mjs [folder]; prints each problem and exits with 1 when there is one.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const SHIPPED = new Set([
  'MIT',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  '0BSD',
  'CC0-1.0',
  'Unlicense',
]);
// Tools are not shipped, so a licence that asks for the tool's own source back costs nothing.
const TOOLS = new Set([...SHIPPED, 'MPL-2.0', 'CC-BY-4.0', 'Python-2.0']);
const ALWAYS_LOADED = 10;
const INSTALL_STEPS = ['preinstall', 'install', 'postinstall'];

const root = process.argv[2] ?? '.';
const problems = [];
const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
const packages = Object.entries(lock.packages).filter(([path]) => path !== '');
for (const [path, entry] of packages) problems.push(...judge(path, entry));
problems.push(...alwaysLoaded());

for (const problem of problems) console.error(problem);
console.log(`licences: ${packages.length} packages, ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;

function judge(path, entry) {
  const found = [];
  const shipped = entry.dev !== true && entry.devOptional !== true;
  const manifest = installed(path);
  for (const licence of new Set([licenceOf(entry), licenceOf(manifest ?? entry)]))
    if (!isAllowed(licence, shipped ? SHIPPED : TOOLS)) found.push(`${path}: licence ${licence} is not on the list`);
  if (entry.resolved !== undefined)
    found.push(`${path}: the lock file names where it was resolved, which ties it to one registry`);
  const steps = INSTALL_STEPS.filter((step) => manifest?.scripts?.[step] !== undefined);
  if (shipped && (entry.hasInstallScript === true || steps.length > 0))
    found.push(`${path}: runs a script when it is installed`);
  return found;
}

// Packages of other platforms stand in the lock file but not on the disk.
function installed(path) {
  const file = join(root, path, 'package.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

function licenceOf(manifest) {
  const { license, licenses } = manifest;
  return (
    (typeof license === 'object' ? license?.type : license) ?? licenses?.map((each) => each.type).join(' OR ') ?? 'none'
  );
}

/** Whether an SPDX expression can be met by licences of the list: any side of OR, every side of AND. */
function isAllowed(expression, list) {
  const plain = expression.replaceAll(/[()]/g, '');
  return plain.split(' OR ').some((side) => side.split(' AND ').every((each) => list.has(each.trim())));
}

// What is imported by a plain import statement anywhere in the product is loaded by every start.
function alwaysLoaded() {
  const loaded = new Set();
  for (const file of globSync('src/**/*.ts', { cwd: root })) {
    const text = readFileSync(join(root, file), 'utf8');
    for (const [, name] of text.matchAll(/^import (?!type\b)(?:[^;]*?from )?'((?:@[^/']+\/)?[^./'][^/']*)/gm))
      if (!name.startsWith('node:')) loaded.add(name);
  }
  if (loaded.size <= ALWAYS_LOADED) return [];
  return [
    `${loaded.size} packages are loaded at every start, ${ALWAYS_LOADED} are allowed: ${[...loaded].toSorted().join(' ')}`,
  ];
}
