import { Peek } from '../peek.ts';
import { resolved, storedItems, typeOf } from './responses-kept.ts';
import type { Kept } from './responses-kept.ts';
import { callOf, refuse } from './mind.ts';
import type { Ask, Memory, Mind, Wish } from './mind.ts';
import { objectText, onlyKeys } from './demands.ts';
import { itemsOf, numberOf, writeResponse } from './responses-write.ts';

const TOP =
  'background client_metadata context_management conversation include input instructions max_output_tokens max_tool_calls metadata model ' +
  'moderation parallel_tool_calls previous_response_id prompt prompt_cache_key prompt_cache_options prompt_cache_retention ' +
  'reasoning safety_identifier service_tier store stream stream_options temperature text tool_choice tools top_logprobs ' +
  'top_p truncation user';
const ITEMS: Readonly<Record<string, string>> = {
  message: 'id type role content status phase',
  function_call: 'id type status call_id name arguments namespace caller',
  function_call_output: 'id type status call_id output caller',
  reasoning: 'id type status summary content encrypted_content',
  item_reference: 'id type',
};
const PREFIX: Readonly<Record<string, string>> = { message: 'msg', function_call: 'fc', reasoning: 'rs' };
const PARTS: Readonly<Record<string, readonly string[]>> = {
  user: ['input_text', 'input_image', 'input_file'],
  system: ['input_text', 'input_image', 'input_file'],
  developer: ['input_text', 'input_image', 'input_file'],
  assistant: ['output_text', 'refusal'],
};

/**
 * A server of responses that thinks. What it made is kept unless `store` is false; a thought that was not kept comes back encrypted, and is
 * given encrypted only to those who ask. Each call of a turn that thought needs its thought before it.
 */
export function responsesMind(): Mind {
  // What was asked and answered, by the id of the response.
  const kept = new Map<string, readonly Peek[]>();
  return {
    callId: (number, at) => `call_${at}${String(number).padStart(23, 'Q')}`,
    judge(ask, memory) {
      const { wish, items } = judge(ask, memory, kept);
      if (ask.body.at('store').value !== false) kept.set('next', items);
      return wish;
    },
    write(said, ask) {
      const before = kept.get('next');
      kept.delete('next');
      const answered = itemsOf(said, ask).map((item) => new Peek(item));
      if (before !== undefined) kept.set(`resp_brain${said.number}`, [...before, ...answered]);
      return writeResponse(said, ask);
    },
    refusal: ({ message }) => ({
      headers: {},
      body: JSON.stringify({ error: { message, type: 'invalid_request_error', param: 'input', code: null } }),
    }),
  };
}

function judge({ path, headers, body }: Ask, memory: Memory, kept: Kept): { wish: Wish; items: readonly Peek[] } {
  if (path !== '/v1/responses') refuse(`Invalid URL (POST ${path})`);
  if (!/^Bearer \S/.test(headers.authorization ?? '')) refuse('Missing bearer authentication in header');
  onlyKeys(body, TOP, (key) => `Unknown parameter: '${key}'.`);
  onlyKeys(
    body.at('reasoning'),
    'effort summary generate_summary context',
    (key) => `Unknown parameter: 'reasoning.${key}'.`,
  );
  if (body.at('model').text === '') refuse("Missing required parameter: 'model'.");
  for (const [at, tool] of body.at('tools').list.entries()) judgeTool(tool, at);
  const items = resolved(body, kept);
  const keeps = storedItems(kept);
  for (const [at, item] of items.entries()) judgeItem(item, at);
  judgeCalls(items, memory, keeps);
  const asked = items.findLastIndex((item) => typeOf(item) !== 'function_call_output');
  const effort = body.at('reasoning', 'effort').text;
  const summary = body.at('reasoning', 'summary').text;
  return {
    items,
    wish: {
      stream: body.at('stream').value === true,
      thinks: effort === 'none' || !body.at('reasoning').given ? 'no' : summary === '' ? 'sealed' : 'told',
      offers: body.at('tools').list.map((tool) => tool.at('name').text),
      results: items.slice(asked + 1).map((item) => outputOf(item.at('output'))),
    },
  };
}

function judgeItem(item: Peek, at: number): void {
  const type = typeOf(item);
  const keys = ITEMS[type] ?? refuse(`Invalid value: '${type}'. - input[${at}].type`);
  onlyKeys(item, keys, (key) => `Unknown parameter: 'input[${at}].${key}'.`);
  const prefix = PREFIX[type];
  const id = item.at('id').text;
  if (prefix !== undefined && id !== '' && !id.startsWith(`${prefix}_`))
    refuse(`Invalid 'input[${at}].id': '${id}'. Expected an ID that begins with '${prefix}'.`);
  if (type === 'reasoning' && !Array.isArray(item.at('summary').value))
    refuse(`Missing required parameter: 'input[${at}].summary'.`);
  if (type === 'message') judgeMessage(item, at);
}

function judgeMessage(item: Peek, at: number): void {
  const role = item.at('role').text;
  const parts = PARTS[role] ?? refuse(`Invalid value: '${role}'. - input[${at}].role`);
  const content = item.at('content');
  if (typeof content.value === 'string') return;
  if (!Array.isArray(content.value)) refuse(`Missing required parameter: 'input[${at}].content'.`);
  for (const part of content.list)
    if (!parts.includes(part.at('type').text))
      refuse(`Invalid value: '${part.at('type').text}'. Supported values are: ${parts.join(', ')}. - input[${at}]`);
}

function judgeTool(tool: Peek, at: number): void {
  if (tool.at('type').text !== 'function') return;
  onlyKeys(
    tool,
    'type name description parameters strict defer_loading',
    (key) => `Unknown parameter: 'tools[${at}].${key}'.`,
  );
  if (!/^[\w-]{1,64}$/.test(tool.at('name').text)) refuse(`Missing required parameter: 'tools[${at}].name'.`);
}

function judgeCalls(items: readonly Peek[], memory: Memory, keeps: ReadonlyMap<string, Peek>): void {
  const calls = new Set(
    items.filter((item) => typeOf(item) === 'function_call').map((item) => item.at('call_id').text),
  );
  const outputs = new Set<string>();
  for (const [at, item] of items.entries()) {
    switch (typeOf(item)) {
      case 'function_call_output': {
        const id = item.at('call_id').text;
        if (!calls.has(id)) refuse(`No tool call found for function call output with call_id ${id}.`);
        if (outputs.has(id)) refuse(`Duplicate function call output for call_id ${id}.`);
        outputs.add(id);
        break;
      }
      case 'function_call':
        // The first of several has the thought before it.
        judgeCall(
          item,
          items.slice(0, at).findLast((each) => typeOf(each) !== 'function_call'),
          memory,
        );
        break;
      case 'reasoning':
        judgeThought(item, items[at + 1], memory, keeps);
        break;
      default:
    }
  }
  for (const id of calls) if (!outputs.has(id)) refuse(`No tool output found for function call ${id}.`);
}

function judgeCall(item: Peek, before: Peek | undefined, memory: Memory): void {
  const { said, call } = callOf(item.at('call_id').text, memory);
  if (item.at('name').text !== call.name) refuse('The call has another name than it was made with.');
  objectText(item.at('arguments'), 'The arguments of a call must be the JSON text of an object.');
  if (said.seal !== undefined && typeOf(before) !== 'reasoning')
    refuse(`Item 'fc_brain${said.number}' of type 'function_call' was provided without its required 'reasoning' item.`);
}

function judgeThought(item: Peek, after: Peek | undefined, memory: Memory, keeps: ReadonlyMap<string, Peek>): void {
  const id = item.at('id').text;
  const sealed = item.at('encrypted_content').text;
  const type = typeOf(after);
  if (after === undefined || (type === 'message' && after.at('role').text !== 'assistant') || type === 'reasoning')
    refuse(`Item '${id}' of type 'reasoning' was provided without its required following item.`);
  if (sealed === '') {
    if (!keeps.has(id)) refuse(`Item with id '${id}' not found. Items are not persisted when 'store' is false.`);
    return;
  }
  const said = memory.bySeal.get(sealed) ?? refuse(`The encrypted content of '${id}' could not be verified.`);
  if (id !== '' && numberOf(id) !== said.number) refuse(`The encrypted content of '${id}' belongs to another item.`);
  const told = item.at('summary').list.map((part) => part.at('text').text);
  if (told.length > 0 && told.join('\n\n') !== said.thoughts.join('')) refuse(`The summary of '${id}' was changed.`);
}

function outputOf(output: Peek): string {
  if (typeof output.value === 'string') return output.value;
  return output.list.map((part) => part.at('text').text).join('');
}
