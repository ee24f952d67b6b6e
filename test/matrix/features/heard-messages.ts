import type { Peek } from '../../support/peek.ts';
import { anywhere, is } from './heard.ts';
import type { Heard } from './heard.ts';
import { MARK, SCHEMA, TOOLS } from './values.ts';

const parts = (body: Peek): Peek => body.at('messages', 0, 'content');
const source = (part: Peek, type: string, data: string): boolean =>
  is(part.at('source'), { type: 'base64', media_type: type, data });
const offered = (body: Peek): boolean =>
  TOOLS.every(({ name, description, schema }, index) => {
    const tool = body.at('tools', index);
    return is(tool.at('name'), name) && is(tool.at('description'), description) && is(tool.at('input_schema'), schema);
  });
const result = (body: Peek): Peek => body.at('messages', 2, 'content', 0);
const answered = (body: Peek): boolean => {
  const call = body.at('messages', 1, 'content', 0);
  const texts = [result(body).at('content').text, result(body).at('content', 0, 'text').text];
  return (
    is(call.at('id'), MARK.callId) &&
    is(call.at('input'), JSON.parse(MARK.args)) &&
    is(result(body).at('tool_use_id'), MARK.callId) &&
    texts.includes(MARK.result)
  );
};

/** What an upstream of Messages hears. */
export const MESSAGES_HEARD: Heard = {
  'system-prompt': (body) => is(body.at('system'), MARK.system),
  'text-parts': (body) =>
    is(
      parts(body),
      MARK.parts.map((text) => ({ type: 'text', text })),
    ),
  'image-input': (body) => source(parts(body).at(1), 'image/png', MARK.image),
  'document-input': (body) => source(parts(body).at(1), 'application/pdf', MARK.document),
  'audio-input': anywhere(MARK.audio),
  tools: offered,
  'tool-choice-required': (body) => offered(body) && is(body.at('tool_choice', 'type'), 'any'),
  'tool-choice-named': (body) =>
    is(body.at('tool_choice', 'type'), 'tool') && is(body.at('tool_choice', 'name'), 'get_time'),
  'tool-choice-allowed': (body) => is(body.at('tools', 0, 'name'), 'get_time') || anywhere('allowed_tools')(body),
  'parallel-switch': (body) => is(body.at('tool_choice', 'disable_parallel_tool_use'), true),
  'tool-results': answered,
  'tool-result-images': (body) => answered(body) && source(result(body).at('content', 1), 'image/png', MARK.image),
  'tool-result-errors': (body) => answered(body) && is(result(body).at('is_error'), true),
  'json-schema': (body) => is(body.at('output_config', 'format'), { type: 'json_schema', schema: SCHEMA }),
  'reasoning-effort': (body) =>
    is(body.at('thinking'), { type: 'enabled', budget_tokens: 16_384 }) ||
    is(body.at('output_config', 'effort'), 'high'),
  'reasoning-budget': (body) => is(body.at('thinking'), { type: 'enabled', budget_tokens: MARK.budget }),
  'cache-hints': (body) =>
    is(parts(body).at(0, 'text'), MARK.hinted) && is(parts(body).at(0, 'cache_control'), { type: 'ephemeral' }),
  'stop-sequences': (body) => is(body.at('stop_sequences'), [MARK.stop]),
  sampling: (body) => is(body.at('temperature'), MARK.temperature),
  'top-k': (body) => is(body.at('top_k'), MARK.topK),
  seed: anywhere(MARK.seed),
  choices: (body) => body.at('n').given,
  logprobs: anywhere('logprobs'),
  'server-tools': anywhere('search'),
};
