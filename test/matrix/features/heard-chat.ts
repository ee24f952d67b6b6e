import type { Peek } from '../../support/peek.ts';
import { anywhere, is } from './heard.ts';
import type { Heard } from './heard.ts';
import { MARK, SCHEMA, TOOLS } from './values.ts';

const parts = (body: Peek): Peek => body.at('messages', 0, 'content');
const picture = (part: Peek): boolean => is(part.at('image_url', 'url'), `data:image/png;base64,${MARK.image}`);
const offered = (body: Peek): boolean =>
  TOOLS.every(({ name, description, schema }, index) => {
    const fn = body.at('tools', index, 'function');
    return is(fn.at('name'), name) && is(fn.at('description'), description) && is(fn.at('parameters'), schema);
  });
const answered = (body: Peek): boolean => {
  const [call, result] = [body.at('messages', 1, 'tool_calls', 0), body.at('messages', 2)];
  const texts = [result.at('content').text, result.at('content', 0, 'text').text];
  return (
    is(call.at('id'), MARK.callId) &&
    is(call.at('function', 'arguments'), MARK.args) &&
    is(result.at('tool_call_id'), MARK.callId) &&
    texts.includes(MARK.result)
  );
};

/** What a chat upstream hears. */
export const CHAT_HEARD: Heard = {
  'system-prompt': (body) => is(body.at('messages', 0), { role: 'system', content: MARK.system }),
  'text-parts': (body) =>
    is(
      parts(body),
      MARK.parts.map((text) => ({ type: 'text', text })),
    ),
  'image-input': (body) => picture(parts(body).at(1)),
  'document-input': (body) =>
    is(parts(body).at(1, 'file', 'file_data'), `data:application/pdf;base64,${MARK.document}`),
  'audio-input': (body) => is(parts(body).at(1, 'input_audio'), { data: MARK.audio, format: 'wav' }),
  tools: offered,
  'tool-choice-required': (body) => offered(body) && is(body.at('tool_choice'), 'required'),
  'tool-choice-named': (body) => is(body.at('tool_choice', 'function', 'name'), 'get_time'),
  'tool-choice-allowed': (body) =>
    is(body.at('tool_choice', 'allowed_tools'), {
      mode: 'auto',
      tools: [{ type: 'function', function: { name: 'get_time' } }],
    }),
  'parallel-switch': (body) => is(body.at('parallel_tool_calls'), false),
  'tool-results': answered,
  'tool-result-images': (body) =>
    answered(body) && (picture(body.at('messages', 2, 'content', 1)) || picture(body.at('messages', 3, 'content', 0))),
  'tool-result-errors': anywhere('is_error'),
  'json-schema': (body) => is(body.at('response_format', 'json_schema', 'schema'), SCHEMA),
  'reasoning-effort': (body) => is(body.at('reasoning_effort'), 'high'),
  'reasoning-budget': (body) =>
    is(body.at('reasoning_effort'), 'medium') || is(body.at('reasoning', 'max_tokens'), MARK.budget),
  'cache-hints': anywhere('cache_control'),
  'stop-sequences': (body) => is(body.at('stop'), [MARK.stop]),
  sampling: (body) => is(body.at('temperature'), MARK.temperature),
  'top-k': anywhere(`"top_k":${MARK.topK}`),
  seed: (body) => is(body.at('seed'), MARK.seed),
  choices: (body) => is(body.at('n'), 2),
  logprobs: (body) => is(body.at('logprobs'), true) && is(body.at('top_logprobs'), 3),
  'server-tools': (body) => is(body.at('tools', 0, 'search_mark'), { depth: 1 }) || anywhere('search')(body),
};
