// Exits with 0 when node_modules holds what package-lock.json asks for. Old Nodes must be able to read it: no new syntax.
// Compares contents, not times: a checkout and an install both change times without a reason to install again.
import { existsSync, readFileSync } from 'node:fs';

const INSTALLED = 'node_modules/.package-lock.json';

function packages(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}

function complete() {
  const wanted = packages('package-lock.json');
  const present = packages(INSTALLED);
  return Object.keys(wanted).every((path) => {
    if (path === '' || wanted[path].link) return true;
    // Optional packages are absent where they do not fit the machine.
    if (!present[path]) return Boolean(wanted[path].optional);
    return present[path].version === wanted[path].version;
  });
}

process.exit(existsSync(INSTALLED) && complete() ? 0 : 1);
