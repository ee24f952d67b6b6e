import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's root folder, with a trailing separator. */
export const ROOT: string = fileURLToPath(new URL('../../', import.meta.url));

/** The folders that hold code we write. */
export const CODE_FOLDERS = ['src', 'test', 'bench', 'scripts', 'examples'] as const;

/** One file of ours. */
export interface SourceFile {
  /** Path from the root with forward slashes: `src/model/block.ts`. */
  readonly path: string;
  readonly text: string;
}

/** Reads a file of the project as text; the path is relative to the root. */
export function readText(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** Every TypeScript and JavaScript file below the given folders, in order of path; folders that do not exist are empty. */
export function sourceFiles(folders: readonly string[]): readonly SourceFile[] {
  const paths = folders.flatMap((folder) => list(join(ROOT, folder)));
  return paths
    .filter((path) => /\.(ts|mjs|cjs|js)$/.test(path))
    .toSorted()
    .map((path) => ({ path, text: readText(path) }));
}

/** How many lines a text has; a final line end does not start another line. */
export function lineCount(text: string): number {
  return text.replace(/\n$/, '').split('\n').length;
}

function list(folder: string): readonly string[] {
  let entries;
  try {
    entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
  return entries
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).split(sep).join('/'));
}
