import type { Peek } from '../peek.ts';
import { COST, callOf, refuse } from './mind.ts';
import type { Ask, Memory, Mind, Said, Wish, Written } from './mind.ts';
import { keysOf, objectText, onlyKeys } from './demands.ts';

const TOP =
  'messages model audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens max_tokens metadata ' +
  'modalities moderation n parallel_tool_calls prediction presence_penalty prompt_cache_key prompt_cache_retention reasoning_effort ' +
  'response_format safety_identifier seed service_tier stop store stream stream_options temperature tool_choice tools ' +
  'top_logprobs top_p user verbosity web_search_options';
const KEYS: Readonly<Record<string, string>> = {
  system: 'role content name',
  developer: 'role content name',
  user: 'role content name',
  tool: 'role content tool_call_id name',
};
const PARTS = ['text', 'image_url', 'input_audio', 'file', 'refusal'];

/** A server of chat completions that thinks: it tells thoughts in `reasoning_content` and seals them in `reasoning_details`. */
export const CHAT_MIND: Mind = {
  callId: (number, at) => `call_${at}${String(number).padStart(23, 'q')}`,
  judge,
  write: (said) => (said.wish.stream ? stream(said) : whole(said)),
  refusal: ({ message }) => ({
    headers: {},
    body: JSON.stringify({ error: { message, type: 'invalid_request_error', param: null, code: null } }),
  }),
};

function judge({ path, headers, body }: Ask, memory: Memory): Wish {
  if (path !== '/v1/chat/completions') refuse(`Unknown request URL: POST ${path}.`);
  if (!/^Bearer \S/.test(headers.authorization ?? '')) refuse("You didn't provide an API key.");
  onlyKeys(body, TOP, (key) => `Unrecognized request argument supplied: ${key}`);
  if (body.at('model').text === '') refuse('you must provide a model parameter');
  const streamed = body.at('stream').value === true;
  if (body.at('stream_options').given && !streamed)
    refuse("The 'stream_options' parameter is only allowed when 'stream' is enabled.");
  const messages = body.at('messages').list;
  if (messages.length === 0) refuse('[] is too short - messages');
  for (const [at, message] of messages.entries()) judgeMessage(message, at);
  for (const [at, tool] of body.at('tools').list.entries()) judgeTool(tool, at);
  judgeCalls(messages, memory, body.at('model').text);
  const asked = messages.findLastIndex((message) => message.at('role').text !== 'tool');
  const effort = body.at('reasoning_effort').text;
  return {
    stream: streamed,
    thinks: effort === '' || effort === 'none' ? 'no' : 'told',
    offers: body.at('tools').list.map((tool) => tool.at('function', 'name').text),
    results: messages.slice(asked + 1).map((message) => textOf(message.at('content'))),
  };
}

function judgeMessage(message: Peek, at: number): void {
  const role = message.at('role').text;
  // What stands beside an answer's own fields when it comes back is ignored: official clients leave some there.
  if (role !== 'assistant' && KEYS[role] === undefined) refuse(`Invalid value: '${role}'. - messages[${at}].role`);
  const keys = KEYS[role] ?? keysOf(message).join(' ');
  onlyKeys(message, keys, (key) => `Additional properties are not allowed ('${key}' was unexpected) - messages[${at}]`);
  const content = message.at('content');
  for (const part of content.list)
    if (!PARTS.includes(part.at('type').text))
      refuse(`Invalid value: '${part.at('type').text}' - messages[${at}].content`);
  const fits = typeof content.value === 'string' || content.list.length > 0;
  const calls = message.at('tool_calls').list;
  if (!fits && !(role === 'assistant' && calls.length > 0))
    refuse(`Invalid value for 'content': expected a string, got null. - messages[${at}]`);
  if (message.has('tool_calls') && calls.length === 0) refuse(`[] is too short - messages[${at}].tool_calls`);
}

function judgeTool(tool: Peek, at: number): void {
  if (tool.at('type').text !== 'function') refuse(`Invalid value: tools[${at}].type`);
  if (!/^[\w-]{1,64}$/.test(tool.at('function', 'name').text)) refuse(`Invalid 'tools[${at}].function.name'`);
  onlyKeys(tool, 'type function', (key) => `Unknown parameter: 'tools[${at}].${key}'.`);
  onlyKeys(
    tool.at('function'),
    'name description parameters strict',
    (key) => `Unknown parameter: 'tools[${at}].function.${key}'.`,
  );
}

// Every call has its result right behind it, and the thoughts before it come back as they were told.
function judgeCalls(messages: readonly Peek[], memory: Memory, model: string): void {
  let open = new Set<string>();
  for (const [at, message] of messages.entries()) {
    if (message.at('role').text === 'tool') {
      const id = message.at('tool_call_id').text;
      if (!open.delete(id))
        refuse(`messages with role 'tool' must be a response to a preceding message with 'tool_calls': ${id}`);
      continue;
    }
    demandNone(open, at);
    const calls = message.at('tool_calls').list;
    open = new Set(calls.map((call) => call.at('id').text));
    for (const call of calls) judgeCall(call, message, memory, model);
  }
  demandNone(open, messages.length);
}

function demandNone(open: ReadonlySet<string>, at: number): void {
  if (open.size > 0)
    refuse(
      `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. ` +
        `Missing before messages[${at}]: ${[...open].join(', ')}`,
    );
}

function judgeCall(call: Peek, message: Peek, memory: Memory, model: string): void {
  const { said, call: made } = callOf(call.at('id').text, memory);
  if (call.at('type').text !== 'function' || call.at('function', 'name').text !== made.name)
    refuse('The call has another type or name than it was made with.');
  objectText(call.at('function', 'arguments'), 'The arguments of a call must be the JSON text of an object.');
  if (call.at('function', 'arguments').text !== made.args.join('')) refuse('The arguments were rewritten.');
  const details = message.at('reasoning_details');
  if (said.seal === undefined || (!details.given && !model.includes('strict'))) return;
  if (details.at(0, 'data').text !== said.seal) refuse('The reasoning_details of a call are missing or were changed.');
}

function textOf(content: Peek): string {
  if (typeof content.value === 'string') return content.value;
  return content.list.map((part) => part.at('text').text).join('');
}

const COMMON = { id: 'chatcmpl-brain', created: 1_790_000_000, model: 'brain' };
const USAGE = {
  prompt_tokens: COST.input + COST.cached,
  completion_tokens: COST.output + COST.reasoning,
  total_tokens: COST.total,
  prompt_tokens_details: { cached_tokens: COST.cached },
  completion_tokens_details: { reasoning_tokens: COST.reasoning },
};

function sealed({ seal }: Said): Readonly<Record<string, unknown>> {
  return seal === undefined
    ? {}
    : { reasoning_details: [{ type: 'reasoning.encrypted', data: seal, format: 'brain-v1', index: 0 }] };
}

function stream(said: Said): Written {
  const { calls } = said;
  const line = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
  const chunk = (delta: unknown, finish: string | null = null): string =>
    line({ ...COMMON, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }] });
  const longest = Math.max(0, ...calls.map(({ args }) => args.length));
  const pieces = [
    chunk({ role: 'assistant', content: '' }),
    ...said.thoughts.map((piece) => chunk({ reasoning_content: piece })),
    ...(said.seal === undefined ? [] : [chunk(sealed(said))]),
    ...said.text.map((piece) => chunk({ content: piece })),
    ...calls.map(({ id, name }, index) =>
      chunk({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] }),
    ),
    // Pieces of parallel calls come in turns.
    ...Array.from({ length: longest }, (_, at) =>
      calls.map(({ args }, index) => chunk({ tool_calls: [{ index, function: { arguments: args[at] } }] })),
    ).flat(),
    chunk({}, calls.length === 0 ? 'stop' : 'tool_calls'),
    line({ ...COMMON, object: 'chat.completion.chunk', choices: [], usage: USAGE }),
    'data: [DONE]\n\n',
  ];
  return { type: 'text/event-stream; charset=utf-8', body: pieces.join('') };
}

function whole(said: Said): Written {
  const calls = said.calls.map(({ id, name, args }) => ({
    id,
    type: 'function',
    function: { name, arguments: args.join('') },
  }));
  const message = {
    role: 'assistant',
    content: calls.length === 0 ? said.text.join('') : null,
    ...(said.thoughts.length > 0 && { reasoning_content: said.thoughts.join('') }),
    ...sealed(said),
    ...(calls.length > 0 && { tool_calls: calls }),
  };
  const choices = [{ index: 0, message, finish_reason: calls.length === 0 ? 'stop' : 'tool_calls' }];
  const body = JSON.stringify({ ...COMMON, object: 'chat.completion', choices, usage: USAGE });
  return { type: 'application/json', body };
}
