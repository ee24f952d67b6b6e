import { camel } from './request-read-contents.ts';
import { readSchema } from './request-read-schema.ts';
import { refuse } from '../../model/errors.ts';
import type { Fields } from '../../model/fields.ts';
import { asObject } from '../../model/json.ts';
import type { Tool, ToolChoice } from '../../model/request.ts';

/** Reads `tools`: functions, and each tool of the host by itself. */
export function readTools(fields: Fields): readonly Tool[] {
  return fields.objects('tools').flatMap((entry): readonly Tool[] => {
    const tool = camel(entry);
    const natives = Object.entries(entry.value).filter(([key]) => !/^function_?declarations$/i.test(key));
    return [
      ...tool.objects('functionDeclarations').map(readFunction),
      ...natives.map(([key, value]): Tool => ({
        type: 'native',
        native: { protocol: 'gemini', value: { [key]: value } },
      })),
    ];
  });
}

function readFunction(entry: Fields): Tool {
  const fields = camel(entry);
  const description = fields.string('description');
  const old = fields.object('parameters')?.value;
  const parameters = asObject(fields.get('parametersJsonSchema')) ?? (old === undefined ? undefined : readSchema(old));
  return {
    type: 'function',
    name: fields.requiredString('name'),
    ...(description !== undefined && { description }),
    ...(parameters !== undefined && { parameters }),
  };
}

/** Reads `toolConfig.functionCallingConfig`. */
export function readToolChoice(fields: Fields): ToolChoice | undefined {
  const outer = fields.object('toolConfig');
  const inner = outer === undefined ? undefined : camel(outer).object('functionCallingConfig');
  if (inner === undefined) return undefined;
  const config = camel(inner);
  const mode = (config.string('mode') ?? 'AUTO').toUpperCase();
  const names = config.strings('allowedFunctionNames');
  switch (mode) {
    case 'NONE':
      return { type: 'none' };
    case 'ANY':
      if (names.length > 1) return { type: 'allowed', names, mode: 'required' };
      return names[0] === undefined ? { type: 'required' } : { type: 'tool', name: names[0] };
    case 'AUTO':
    case 'VALIDATED':
    case 'MODE_UNSPECIFIED':
      return names.length > 0 ? { type: 'allowed', names, mode: 'auto' } : { type: 'auto' };
    default: {
      const path = config.pathOf('mode');
      return refuse(path, `'${path}' must be AUTO, ANY, NONE or VALIDATED, not '${mode}'.`);
    }
  }
}
