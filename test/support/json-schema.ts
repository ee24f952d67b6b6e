import type { Peek } from './peek.ts';

/**
 * The first place where a value breaks a JSON schema, as `path: rule`, or undefined when it keeps it. Knows the words that the published
 * description of the Responses format uses; `root` is the document that `$ref` points into.
 */
export function schemaFault(schema: Peek, value: Peek, root: Peek, path = '$'): string | undefined {
  const ref = schema.at('$ref').text;
  if (ref !== '') return schemaFault(root.at(...ref.slice(2).split('/')), value, root, path);
  return (
    typeFault(schema, value, path) ??
    choiceFault(schema, value, root, path) ??
    objectFault(schema, value, root, path) ??
    listFault(schema, value, root, path)
  );
}

const KINDS: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  integer: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === 'boolean',
  null: (value) => value === null,
  array: (value) => Array.isArray(value),
  object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
};

function typeFault(schema: Peek, value: Peek, path: string): string | undefined {
  const type = schema.at('type').text;
  if (type !== '' && KINDS[type]?.(value.value) !== true) return `${path}: not of type ${type}`;
  const allowed = schema.at('enum').list;
  const fits = allowed.length === 0 || allowed.some((each) => each.value === value.value);
  return fits ? undefined : `${path}: not one of ${allowed.map((each) => String(each.value)).join(' ')}`;
}

function choiceFault(schema: Peek, value: Peek, root: Peek, path: string): string | undefined {
  for (const part of schema.at('allOf').list) {
    const fault = schemaFault(part, value, root, path);
    if (fault !== undefined) return fault;
  }
  const choices = [...schema.at('anyOf').list, ...schema.at('oneOf').list];
  if (choices.length === 0) return undefined;
  const faults = choices.map((choice) => schemaFault(choice, value, root, path));
  return faults.includes(undefined) ? undefined : `${path}: none of [${faults.join('; ')}]`;
}

function objectFault(schema: Peek, value: Peek, root: Peek, path: string): string | undefined {
  if (KINDS['object']?.(value.value) !== true) return undefined;
  const missing = schema.at('required').list.find((key) => !value.has(key.text));
  if (missing !== undefined) return `${path}.${missing.text}: missing`;
  for (const key of Object.keys({ ...(schema.at('properties').value as object) })) {
    const fault = value.has(key)
      ? schemaFault(schema.at('properties', key), value.at(key), root, `${path}.${key}`)
      : undefined;
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function listFault(schema: Peek, value: Peek, root: Peek, path: string): string | undefined {
  const items = schema.at('items');
  if (!items.given) return undefined;
  for (const [index, element] of value.list.entries()) {
    const fault = schemaFault(items, element, root, `${path}[${index}]`);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
