/** JSON with its keys in order and without spaces, each number as it was written; undefined for what is no JSON. */
export function canonicalJson(text: string): string | undefined {
  const kept: (key: string, value: unknown, context: { readonly source?: string }) => unknown = (
    _key,
    value,
    context,
  ) => (typeof value === 'number' && context.source !== undefined ? new Written(context.source) : value);
  try {
    return write(JSON.parse(text, kept as (key: string, value: unknown) => unknown));
  } catch {
    return undefined;
  }
}

class Written {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

function write(value: unknown): string {
  if (value instanceof Written) return value.text;
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${write(each)}`).join(',')}}`;
}
