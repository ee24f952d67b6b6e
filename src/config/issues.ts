import { z } from 'zod';
import { nearestFirst } from '../model/nearest.ts';
import type { ConfigDocument, Path } from './document.ts';
import type { ConfigProblem } from './problem.ts';
import { CONFIG } from './schema.ts';

type Issue = z.core.$ZodIssue;

interface JsonSchemaNode {
  readonly properties?: Readonly<Record<string, JsonSchemaNode>>;
  readonly additionalProperties?: JsonSchemaNode | boolean;
}

/** What the schema found, as problems with their place in the file. */
export function issueProblems(document: ConfigDocument, issues: readonly Issue[]): readonly ConfigProblem[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(document, path, key));
    const where = path.length === 0 ? '' : `${dotted(path)}: `;
    const mend: unknown = issue.code === 'custom' ? issue.params?.['mend'] : undefined;
    if (typeof mend === 'string') return [document.problemAt(path, where + issue.message, mend)];
    const wanted =
      issue.code === 'invalid_type' && issue.expected === 'array'
        ? 'a list: `[one, two]`'
        : 'a map: keys, each with a value, one a line and indented';
    return [document.problemAt(path, `${where}not what belongs here`, `write ${wanted}`)];
  });
}

function unknownKey(document: ConfigDocument, path: Path, key: string): ConfigProblem {
  const known = knownKeys(path);
  const [nearest] = nearestFirst(key, known);
  const mend = `${nearest === undefined ? '' : `did you mean \`${nearest}\`? `}Known here: ${known.join(', ')}`;
  return document.problemAt([...path, key], `unknown key \`${dotted([...path, key])}\``, mend);
}

function knownKeys(path: Path): readonly string[] {
  let node: JsonSchemaNode | undefined = z.toJSONSchema(CONFIG, { io: 'input' }) as JsonSchemaNode;
  for (const step of path) {
    const below: JsonSchemaNode | boolean | undefined = node?.properties?.[step] ?? node?.additionalProperties;
    node = typeof below === 'object' ? below : undefined;
  }
  return Object.keys(node?.properties ?? {});
}

function dotted(path: Path): string {
  return path.join('.');
}
