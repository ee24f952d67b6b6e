import { isAlias, isCollection, isMap, isPair, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import type { Document, Node, Scalar } from 'yaml';
import type { Environment } from './environment.ts';
import type { ConfigProblem } from './problem.ts';

/** Steps from the root of the file to a value. */
export type Path = readonly (string | number)[];

/** The text of a configuration file, its variables filled in, with the place of every value. */
export class ConfigDocument {
  readonly problems: ConfigProblem[] = [];
  readonly warnings: ConfigProblem[] = [];
  /**
   * The file as plain values, undefined when it is no YAML. A key without a value counts as absent, except below `providers`,
   * where a name alone is enough.
   */
  readonly value: unknown;
  readonly #file: string;
  readonly #lines = new LineCounter();
  readonly #document: Document;

  constructor(file: string, text: string, environment: Environment) {
    this.#file = file;
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
    // Only the first: what follows is mostly the parser's confusion about it.
    const [error] = this.#document.errors;
    if (error !== undefined) this.problems.push(this.#syntaxProblem(error.pos[0], firstLine(error.message), text));
    else this.#fill(environment);
    this.value = error === undefined ? this.#plain() : undefined;
  }

  /** A problem at the key, or else the value, that a path leads to; at the nearest thing above it when that is absent. */
  problemAt(path: Path, message: string, mend: string): ConfigProblem {
    return this.#problem(this.#offset(path), message, mend);
  }

  // By hand and not getIn: the key's own place is wanted, and aliases must not end the walk.
  #offset(path: Path): number {
    let node: unknown = this.#document.contents;
    let offset = start(node) ?? 0;
    for (const step of path) {
      if (isAlias(node)) node = node.resolve(this.#document);
      if (isMap(node)) {
        const pair = node.items.find(
          (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(step),
        );
        if (pair === undefined) break;
        offset = start(pair.key) ?? offset;
        node = pair.value;
      } else if (isCollection(node)) {
        node = node.get(step, true);
        offset = start(node) ?? offset;
      } else break;
    }
    return offset;
  }

  #problem(offset: number, message: string, mend: string): ConfigProblem {
    const { line, col } = this.#lines.linePos(offset);
    return { file: this.#file, line: Math.max(line, 1), column: Math.max(col, 1), message, mend };
  }

  #syntaxProblem(offset: number, message: string, text: string): ConfigProblem {
    const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1).split('\n', 1)[0] ?? '';
    const mend = line.includes('${')
      ? 'put `${…}` in quotes; without them it cannot stand inside of `{ }` or `[ ]`'
      : 'mend the YAML here; texts with `:` or `#` need quotes';
    return this.#problem(offset, message, mend);
  }

  #plain(): unknown {
    try {
      return withoutNulls(this.#document.toJS({ maxAliasCount: 100 }), 0, '') ?? {};
    } catch (error) {
      // Aliases are only followed here: an unknown one, or so many that they would fill the memory.
      const message = error instanceof Error ? firstLine(error.message) : String(error);
      this.problems.push(
        this.#problem(this.#firstAlias(), message, 'mend the aliases (`*name`), or write the values out'),
      );
      return undefined;
    }
  }

  #firstAlias(): number {
    let offset = 0;
    visit(this.#document, {
      Alias: (_key, node) => {
        if (node.resolve(this.#document) !== undefined) return undefined;
        offset = start(node) ?? 0;
        return visit.BREAK;
      },
    });
    return offset;
  }

  #fill(environment: Environment): void {
    visit(this.#document, {
      Scalar: (key, node, ancestors) => {
        if (key === 'key' || typeof node.value !== 'string' || !node.value.includes('$')) return;
        const pair = ancestors.at(-1);
        const optional = isPair(pair) && isScalar(pair.key) && pair.key.value === 'api_key';
        node.value = this.#filled(node, node.value, optional, environment);
      },
    });
  }

  // Filled in after parsing, so that no variable's content can change the file's structure.
  #filled(node: Scalar, template: string, optional: boolean, environment: Environment): string | null {
    let absent = false;
    const at = start(node) ?? 0;
    const text = template.replace(VARIABLE, (whole: string, name?: string, fallback?: string) => {
      if (whole === '$${') return '${';
      if (name === undefined) {
        this.problems.push(
          this.#problem(
            at,
            'not a variable: `${…` without a name and a closing brace',
            'write `${NAME}` or `${NAME:-default}`; `$${` is a plain `${`',
          ),
        );
        return '';
      }
      const value = environment.get(name) ?? fallback;
      if (value !== undefined) return value;
      absent = true;
      const message = `the environment variable ${name} is not set`;
      const mend = `export ${name}=…, or write \`\${${name}:-default}\``;
      if (optional)
        this.warnings.push(
          this.#problem(at, `${message}: no key is sent`, `export ${name}=…, or leave \`api_key\` out`),
        );
      else this.problems.push(this.#problem(at, message, mend));
      return '';
    });
    return absent ? null : text;
  }
}

const VARIABLE = /\$\$\{|\$\{(?:([A-Za-z_]\w*)(?::-([^}]*))?\})?/g;

function start(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0] ?? message;
}

function withoutNulls(value: unknown, depth: number, parent: string): unknown {
  if (value === null) return depth === 2 && parent === 'providers' ? {} : undefined;
  if (Array.isArray(value) || typeof value !== 'object') return value;
  const kept = Object.entries(value).map(([key, item]): [string, unknown] => [
    key,
    withoutNulls(item, depth + 1, depth === 0 ? key : parent),
  ]);
  return Object.fromEntries(kept.filter(([, item]) => item !== undefined));
}
