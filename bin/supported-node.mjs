// Exits with 1, saying what to do, when this Node is outside of `engines`. Old Nodes must be able to read it: no new syntax.
import { readFileSync } from 'node:fs';

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const range = manifest.engines.node;
const version = process.versions.node.split('.').map(Number);

function compare(text) {
  const other = text.split('.').map(Number);
  for (let i = 0; i < 3; i++) {
    const difference = version[i] - (other[i] || 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function fits(comparator) {
  return comparator.slice(0, 2) === '>=' ? compare(comparator.slice(2)) >= 0 : compare(comparator.slice(1)) < 0;
}

const supported = range.split(' || ').some((alternative) => alternative.split(' ').every(fits));

if (!supported) {
  process.stderr.write(
    [
      `streamweir needs Node ${range}; this is ${process.versions.node}.`,
      'In a clone, npm start brings its own Node on Linux and Windows; elsewhere install Node 24.',
      `From the registry: npx -p node@24 -p ${manifest.name} ${manifest.name} serve`,
      '',
    ].join('\n'),
  );
  process.exit(1);
}
