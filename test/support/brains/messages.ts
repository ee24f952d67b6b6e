import type { Peek } from '../peek.ts';
import { Refused, callOf, demandSeal, refuse } from './mind.ts';
import type { Ask, Memory, Mind, Wish } from './mind.ts';
import { alternating, isObject, onlyKeys } from './demands.ts';
import { writeMessage } from './messages-write.ts';

const TOP =
  'model messages max_tokens system metadata stop_sequences stream temperature thinking tool_choice tools top_k top_p ' +
  'service_tier container context_management mcp_servers output_config output_format cache_control inference_geo';
const BLOCKS: Readonly<Record<string, string>> = {
  text: 'type text cache_control citations',
  image: 'type source cache_control',
  document: 'type source cache_control title context citations',
  thinking: 'type thinking signature',
  redacted_thinking: 'type data',
  tool_use: 'type id name input cache_control caller',
  tool_result: 'type tool_use_id content is_error cache_control',
};

/** A server of messages that thinks: its thoughts are signed, and one that led to a call comes back before it, unchanged. */
export const MESSAGES_MIND: Mind = {
  callId: (number, at) => `toolu_01${at}${String(number).padStart(21, 'Z')}`,
  judge,
  write: writeMessage,
  refusal: ({ message, details }) => ({
    headers: { 'request-id': 'req_brain' },
    body: JSON.stringify({
      type: 'error',
      error: { type: 'invalid_request_error', message, ...(details !== undefined && { details }) },
      request_id: 'req_brain',
    }),
  }),
};

function judge({ path, headers, body }: Ask, memory: Memory): Wish {
  if (path !== '/v1/messages') refuse(`There is no ${path}.`);
  if (headers['anthropic-version'] === undefined) refuse('anthropic-version: header is required');
  if (headers['x-api-key'] === undefined && !/^Bearer \S/.test(headers.authorization ?? ''))
    refuse('x-api-key header is required');
  if (body.at('thread').given)
    throw new Refused('thread: this model keeps no conversations', {
      error_code: 'thread_unsupported_request',
      unsupported: ['model'],
    });
  onlyKeys(body, TOP, (key) => `${key}: Extra inputs are not permitted`);
  if (body.at('model').text === '') refuse('model: Field required');
  const limit = body.at('max_tokens').number ?? refuse('max_tokens: Field required');
  const thinks = judgeThinking(body, limit);
  for (const [at, tool] of body.at('tools').list.entries()) judgeTool(tool, at);
  const messages = body.at('messages').list;
  const roles = messages.map((message) => message.at('role').text);
  if (roles[0] !== 'user') refuse('messages: first message must use the "user" role');
  alternating(roles, 'messages: roles must alternate between "user" and "assistant"');
  for (const [at, message] of messages.entries()) judgeMessage(message, at);
  for (const at of messages.keys()) judgePair(messages, at, memory);
  if (thinks !== 'no') demandThought(messages);
  const results = blocksOf(messages.at(-1)).filter((block) => block.at('type').text === 'tool_result');
  return {
    stream: body.at('stream').value === true,
    thinks,
    offers: body.at('tools').list.map((tool) => tool.at('name').text),
    results: results.map((result) => textOf(result.at('content'))),
  };
}

function judgeThinking(body: Peek, limit: number): Wish['thinks'] {
  const thinking = body.at('thinking');
  const type = thinking.at('type').text;
  if (!thinking.given || type === 'disabled') return 'no';
  if (type === 'enabled') {
    const budget = thinking.at('budget_tokens').number ?? 0;
    if (budget < 1024) refuse('thinking.enabled.budget_tokens: Input should be greater than or equal to 1024');
    if (limit <= budget) refuse('`max_tokens` must be greater than `thinking.budget_tokens`.');
  } else if (type !== 'adaptive') refuse(`thinking: Input tag '${type}' found using 'type' does not match`);
  if ((body.at('temperature').number ?? 1) !== 1)
    refuse('`temperature` may only be set to 1 when thinking is enabled.');
  if (body.at('top_k').given) refuse('`top_k` must be unset when thinking is enabled.');
  if (['any', 'tool'].includes(body.at('tool_choice', 'type').text))
    refuse('Thinking may not be enabled when tool_choice forces tool use.');
  return thinking.at('display').text === 'omitted' ? 'sealed' : 'told';
}

function judgeTool(tool: Peek, at: number): void {
  if (tool.at('type').given && tool.at('type').text !== 'custom') return;
  const known =
    'type name description input_schema cache_control strict eager_input_streaming allowed_callers defer_loading';
  onlyKeys(tool, known, (key) => `tools.${at}.custom.${key}: Extra inputs are not permitted`);
  if (!/^[\w-]{1,128}$/.test(tool.at('name').text)) refuse(`tools.${at}.custom.name: String should match pattern`);
  if (tool.at('input_schema', 'type').text !== 'object')
    refuse(`tools.${at}.custom.input_schema.type: Input should be 'object'`);
}

function judgeMessage(message: Peek, at: number): void {
  onlyKeys(message, 'role content', (key) => `messages.${at}.${key}: Extra inputs are not permitted`);
  const content = message.at('content');
  if (content.value === '' || (typeof content.value !== 'string' && content.list.length === 0))
    refuse(`messages.${at}: all messages must have non-empty content`);
  for (const [place, block] of content.list.entries()) {
    const type = block.at('type').text;
    const keys = BLOCKS[type] ?? refuse(`messages.${at}.content.${place}: Input tag '${type}' does not match`);
    onlyKeys(block, keys, (key) => `messages.${at}.content.${place}.${type}.${key}: Extra inputs are not permitted`);
    if (type === 'text' && block.at('text').text.trim() === '')
      refuse('messages: text content blocks must contain non-whitespace text');
    if (type === 'tool_use' && !isObject(block.at('input')))
      refuse(`messages.${at}.content.${place}.tool_use.input: Input should be a valid dictionary`);
  }
}

// Calls are answered all at once by the next message; thoughts are as they were signed.
function judgePair(messages: readonly Peek[], at: number, memory: Memory): void {
  const blocks = blocksOf(messages[at]);
  const ids = (list: readonly Peek[], type: string, key: string): readonly string[] =>
    list.filter((block) => block.at('type').text === type).map((block) => block.at(key).text);
  const calls = ids(blocks, 'tool_use', 'id');
  const answers = ids(blocksOf(messages[at + 1]), 'tool_result', 'tool_use_id');
  for (const id of calls) {
    if (!answers.includes(id))
      refuse(`messages.${at}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${id}.`);
    demandSeal(callOf(id, memory).said, ids(blocks, 'thinking', 'signature'));
  }
  for (const id of ids(blocks, 'tool_result', 'tool_use_id'))
    if (!ids(blocksOf(messages[at - 1]), 'tool_use', 'id').includes(id))
      refuse(`messages.${at}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${id}.`);
  for (const [place, block] of blocks.entries()) {
    if (block.at('type').text !== 'thinking') continue;
    const said = memory.bySeal.get(block.at('signature').text);
    if (said === undefined) refuse(`messages.${at}.content.${place}: Invalid \`signature\` in \`thinking\` block`);
    if (block.at('thinking').text !== said.thoughts.join(''))
      refuse(`messages.${at}.content.${place}: \`thinking\` blocks cannot be modified.`);
  }
}

function demandThought(messages: readonly Peek[]): void {
  const at = messages.findLastIndex((message) => message.at('role').text === 'assistant');
  const blocks = blocksOf(messages[at]);
  if (!blocks.some((block) => block.at('type').text === 'tool_use')) return;
  const first = blocks[0]?.at('type').text ?? '';
  if (!['thinking', 'redacted_thinking'].includes(first))
    refuse(
      `messages.${at}.content.0.type: Expected \`thinking\` or \`redacted_thinking\`, but found \`${first}\`. ` +
        'When `thinking` is enabled, a final `assistant` message must start with a thinking block.',
    );
}

function blocksOf(message: Peek | undefined): readonly Peek[] {
  return message?.at('content').list ?? [];
}

function textOf(content: Peek): string {
  if (typeof content.value === 'string') return content.value;
  return content.list.map((block) => block.at('text').text).join('');
}
