import { readFileSync } from 'node:fs';
import type { ConfigProblem } from './problem.ts';

/** Environment variables as a process has them. */
export type Env = Readonly<Record<string, string | undefined>>;

/** Reads variables, also through `NAME_FILE` for secrets that are mounted as files. An empty variable counts as unset. */
export class Environment {
  readonly problems: ConfigProblem[] = [];
  readonly #env: Env;

  constructor(env: Env) {
    this.#env = env;
  }

  /** The trimmed value; undefined when unset or empty. A file that cannot be read is noted in {@link problems}. */
  get(name: string): string | undefined {
    const value = this.#env[name]?.trim();
    if (value !== undefined && value !== '') return value;
    const path = this.#env[`${name}_FILE`]?.trim();
    if (path === undefined || path === '') return undefined;
    try {
      const content = readFileSync(path, 'utf8').trim();
      return content === '' ? undefined : content;
    } catch {
      this.note(`${name}_FILE`, `cannot read ${path}`, 'name a file that this user may read, or unset the variable');
      return undefined;
    }
  }

  /** Notes that a variable's value is wrong. */
  note(name: string, message: string, mend: string): void {
    if (this.problems.some((problem) => problem.message === `${name}: ${message}`)) return;
    this.problems.push({ file: 'environment', message: `${name}: ${message}`, mend });
  }
}
