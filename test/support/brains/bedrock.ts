import type { Peek } from '../peek.ts';
import { callOf, demandSeal, refuse } from './mind.ts';
import type { Ask, Memory, Mind, Wish } from './mind.ts';
import { alternating, isObject, oneKey, onlyKeys } from './demands.ts';
import { writeConverse } from './bedrock-write.ts';

const TOP =
  'messages system inferenceConfig toolConfig guardrailConfig additionalModelRequestFields promptVariables ' +
  'additionalModelResponseFieldPaths requestMetadata performanceConfig serviceTier outputConfig';
const BLOCKS =
  'text image document video audio toolUse toolResult guardContent cachePoint reasoningContent citationsContent searchResult';

/** A server of conversations that thinks: its thoughts are signed, and one that led to a call comes back before it, unchanged. */
export const BEDROCK_MIND: Mind = {
  callId: (number, at) => `tooluse_${at}${String(number).padStart(21, 'b')}`,
  judge,
  write: writeConverse,
  refusal: ({ message }) => ({
    headers: { 'x-amzn-errortype': 'ValidationException:http://internal.amazon.com/coral/com.amazon.bedrock/' },
    body: JSON.stringify({ message }),
  }),
};

function judge({ path, headers, body }: Ask, memory: Memory): Wish {
  const [, model, method] = /^\/model\/([^/]+)\/(converse|converse-stream)$/.exec(path) ?? [];
  if (model === undefined) refuse(`There is no ${path}.`);
  if (!/^(Bearer|AWS4-HMAC-SHA256) \S/.test(headers.authorization ?? '')) refuse('Missing Authentication Token');
  onlyKeys(body, TOP, (key) => `Malformed input request: #: extraneous key [${key}] is not permitted`);
  onlyKeys(
    body.at('inferenceConfig'),
    'maxTokens temperature topP stopSequences',
    (key) => `Malformed input request: #/inferenceConfig: extraneous key [${key}] is not permitted`,
  );
  const messages = body.at('messages').list;
  const roles = messages.map((message) => message.at('role').text);
  if (roles[0] !== 'user') refuse('A conversation must start with a user message. Try again with a conversation.');
  alternating(roles, 'A conversation must alternate between user and assistant roles.');
  for (const [at, message] of messages.entries()) judgeMessage(message, at);
  for (const at of messages.keys()) judgePair(messages, at, memory);
  const tools = body.at('toolConfig', 'tools').list;
  judgeTools(body, tools, messages);
  const thinks = judgeThinking(body);
  if (thinks !== 'no') demandThought(messages);
  return {
    stream: method === 'converse-stream',
    thinks,
    offers: tools.map((tool) => tool.at('toolSpec', 'name').text),
    results: of(messages.at(-1), 'toolResult').map(resultOf),
  };
}

// Thinking is a field of the hosted model, not of the format.
function judgeThinking(body: Peek): Wish['thinks'] {
  const more = body.at('additionalModelRequestFields');
  onlyKeys(
    more,
    'thinking anthropic_beta top_k output_config reasoning_config inferenceConfig reasoning_effort',
    (key) => `The model returned the following errors: ${key}: Extra inputs are not permitted`,
  );
  const thinking = more.at('thinking');
  const type = thinking.at('type').text;
  if (!thinking.given || type === 'disabled') return 'no';
  const limit = body.at('inferenceConfig', 'maxTokens').number ?? 4096;
  if (type === 'enabled') {
    const budget = thinking.at('budget_tokens').number ?? 0;
    if (budget < 1024) refuse('thinking.enabled.budget_tokens: Input should be greater than or equal to 1024');
    if (limit <= budget) refuse('`max_tokens` must be greater than `thinking.budget_tokens`.');
  } else if (type !== 'adaptive') refuse(`thinking: Input tag '${type}' found using 'type' does not match`);
  if ((body.at('inferenceConfig', 'temperature').number ?? 1) !== 1)
    refuse('`temperature` may only be set to 1 when thinking is enabled.');
  const choice = body.at('toolConfig', 'toolChoice');
  if (choice.has('any') || choice.has('tool')) refuse('Thinking may not be enabled when tool_choice forces tool use.');
  return 'told';
}

function judgeTools(body: Peek, tools: readonly Peek[], messages: readonly Peek[]): void {
  const used = messages.some((message) => of(message, 'toolUse').length > 0);
  if (used && !body.at('toolConfig').given)
    refuse('The toolConfig field must be defined when using toolUse and toolResult content blocks.');
  if (body.at('toolConfig').given && tools.length === 0)
    refuse("1 validation error detected: Value at 'toolConfig.tools' failed to satisfy constraint: length >= 1");
  for (const [at, tool] of tools.entries()) {
    if (oneKey(tool, 'toolSpec systemTool cachePoint', `toolConfig.tools.${at}: one member must be set`) !== 'toolSpec')
      continue;
    const spec = tool.at('toolSpec');
    if (!/^[\w-]{1,64}$/.test(spec.at('name').text)) refuse(`toolConfig.tools.${at}.toolSpec.name: wrong pattern`);
    if (spec.has('description') && spec.at('description').text === '')
      refuse(`toolConfig.tools.${at}.toolSpec.description: length >= 1`);
    if (spec.at('inputSchema', 'json', 'type').text !== 'object')
      refuse(
        `The value at toolConfig.tools.${at}.toolSpec.inputSchema.json.type must be one of the following: object.`,
      );
  }
}

function judgeMessage(message: Peek, at: number): void {
  onlyKeys(message, 'role content', (key) => `messages.${at}: extraneous key [${key}]`);
  const content = message.at('content').list;
  if (content.length === 0)
    refuse(`The content field in the Message object at messages.${at} is empty. Add a ContentBlock object.`);
  for (const [place, block] of content.entries()) {
    const kind = oneKey(block, BLOCKS, `messages.${at}.content.${place}: exactly one member must be set`);
    if (kind === 'text' && block.at('text').text.trim() === '')
      refuse(`The text field in the ContentBlock object at messages.${at}.content.${place} is blank.`);
    if (kind === 'toolUse' && !isObject(block.at('toolUse', 'input')))
      refuse(`The format of the value at messages.${at}.content.${place}.toolUse.input is invalid.`);
    if (kind === 'toolResult' && block.at('toolResult', 'content').list.length === 0)
      refuse(`The content field at messages.${at}.content.${place}.toolResult is empty.`);
    if (kind === 'toolResult')
      for (const part of block.at('toolResult', 'content').list)
        oneKey(part, 'json text image document video searchResult', 'A tool result holds exactly one member a block.');
  }
}

function judgePair(messages: readonly Peek[], at: number, memory: Memory): void {
  const calls = of(messages[at], 'toolUse').map((call) => call.at('toolUseId').text);
  const answers = of(messages[at + 1], 'toolResult').map((result) => result.at('toolUseId').text);
  for (const id of calls) {
    if (!answers.includes(id))
      refuse(`Expected toolResult blocks at messages.${at + 1}.content for the following Ids: ${id}`);
    const thoughts = of(messages[at], 'reasoningContent');
    demandSeal(
      callOf(id, memory).said,
      thoughts.map((thought) => thought.at('reasoningText', 'signature').text),
    );
  }
  if (answers.length > calls.length)
    refuse(`The number of toolResult blocks at messages.${at + 1}.content exceeds the number of toolUse blocks.`);
  for (const [place, thought] of of(messages[at], 'reasoningContent').entries()) {
    if (thought.has('redactedContent')) continue;
    const said = memory.bySeal.get(thought.at('reasoningText', 'signature').text);
    if (said === undefined) refuse(`messages.${at}.content.${place}: Invalid \`signature\` in \`thinking\` block`);
    if (thought.at('reasoningText', 'text').text !== said.thoughts.join(''))
      refuse(`messages.${at}.content.${place}: \`thinking\` blocks cannot be modified.`);
  }
}

function demandThought(messages: readonly Peek[]): void {
  const last = messages.findLast((message) => message.at('role').text === 'assistant');
  if (last === undefined || of(last, 'toolUse').length === 0) return;
  if (!last.at('content', 0).has('reasoningContent'))
    refuse(
      'The model returned the following errors: Expected `thinking` or `redacted_thinking`, but found `tool_use`. ' +
        'When `thinking` is enabled, a final `assistant` message must start with a thinking block.',
    );
}

function of(message: Peek | undefined, kind: string): readonly Peek[] {
  return (message?.at('content').list ?? []).filter((block) => block.has(kind)).map((block) => block.at(kind));
}

function resultOf(result: Peek): string {
  return result
    .at('content')
    .list.map((part) => (part.has('json') ? JSON.stringify(part.at('json').value) : part.at('text').text))
    .join('');
}
