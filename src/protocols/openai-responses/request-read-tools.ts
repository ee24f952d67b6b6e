import { ID } from './words.ts';
import { refuse } from '../../model/errors.ts';
import { Fields } from '../../model/fields.ts';
import { asObject } from '../../model/json.ts';
import type { Tool, ToolChoice } from '../../model/request.ts';

/** The tools of a request: functions in neutral words, everything else as it came (OR-41). */
export function readTools(fields: Fields): readonly Tool[] {
  return fields.objects('tools').map((tool) => {
    if (tool.requiredString('type') !== 'function')
      return { type: 'native', native: { protocol: ID, value: tool.value } };
    const description = tool.string('description');
    const parameters = tool.object('parameters')?.value;
    const strict = tool.boolean('strict');
    return {
      type: 'function',
      name: tool.requiredString('name'),
      ...(description !== undefined && { description }),
      ...(parameters !== undefined && { parameters }),
      ...(strict !== undefined && { strict }),
    };
  });
}

/** The tool choice; undefined for what only this format knows (a hosted tool), which travels in the body. */
export function readToolChoice(fields: Fields): ToolChoice | undefined {
  const value = fields.get('tool_choice');
  if (value === undefined) return undefined;
  if (value === 'auto' || value === 'none' || value === 'required') return { type: value };
  if (typeof value === 'string') return undefined;
  const choice = new Fields(
    asObject(value) ?? refuse('tool_choice', `'tool_choice' must be a string or an object.`),
    'tool_choice',
  );
  switch (choice.requiredString('type')) {
    case 'function':
    case 'custom':
      return { type: 'tool', name: choice.requiredString('name') };
    case 'allowed_tools':
      return readAllowed(choice);
    default:
      return undefined;
  }
}

// Hosted tools in the list have no name; only calls by name can be told apart here.
function readAllowed(choice: Fields): ToolChoice {
  const tools = choice.objects('tools');
  if (tools.length === 0) choice.missing('tools');
  const names = tools.flatMap((tool) => tool.string('name') ?? []);
  return { type: 'allowed', names, mode: choice.string('mode') === 'required' ? 'required' : 'auto' };
}
