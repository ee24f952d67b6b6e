/** Something wrong in the configuration, and how to mend it. Never holds a secret's value. */
export interface ConfigProblem {
  /** Path of the file, or where else the value came from: `environment`, `command line`. */
  readonly file: string;
  /** From 1; absent outside of files. */
  readonly line?: number;
  /** From 1; absent outside of files. */
  readonly column?: number;
  /** What is wrong. */
  readonly message: string;
  /** What to write instead. */
  readonly mend: string;
}

/** One problem as two lines of text: `file:line:column: what`, then the mend, indented. */
export function problemText(problem: ConfigProblem): string {
  const place = problem.line === undefined ? '' : `:${problem.line}:${problem.column ?? 1}`;
  return `${problem.file}${place}: ${problem.message}\n    ${problem.mend}`;
}
