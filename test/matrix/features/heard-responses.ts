import type { Peek } from '../../support/peek.ts';
import { anywhere, is } from './heard.ts';
import type { Heard } from './heard.ts';
import { MARK, SCHEMA, TOOLS } from './values.ts';

const parts = (body: Peek): Peek => body.at('input', 0, 'content');
const picture = (part: Peek): boolean => is(part.at('image_url'), `data:image/png;base64,${MARK.image}`);
const offered = (body: Peek): boolean =>
  TOOLS.every(({ name, description, schema }, index) => {
    const tool = body.at('tools', index);
    return is(tool.at('name'), name) && is(tool.at('description'), description) && is(tool.at('parameters'), schema);
  });
const answered = (body: Peek): boolean => {
  const [call, result] = [body.at('input', 1), body.at('input', 2)];
  const texts = [result.at('output').text, result.at('output', 0, 'text').text];
  return (
    is(call.at('call_id'), MARK.callId) &&
    is(call.at('arguments'), MARK.args) &&
    is(result.at('call_id'), MARK.callId) &&
    texts.includes(MARK.result)
  );
};

/** What an upstream of the Responses format hears. */
export const RESPONSES_HEARD: Heard = {
  'system-prompt': (body) =>
    is(body.at('instructions'), MARK.system) ||
    (is(body.at('input', 0, 'role'), 'system') && is(parts(body).at(0, 'text'), MARK.system)),
  'text-parts': (body) =>
    is(
      parts(body),
      MARK.parts.map((text) => ({ type: 'input_text', text })),
    ),
  'image-input': (body) => picture(parts(body).at(1)),
  'document-input': (body) => is(parts(body).at(1, 'file_data'), `data:application/pdf;base64,${MARK.document}`),
  'audio-input': (body) => is(parts(body).at(1, 'input_audio'), { data: MARK.audio, format: 'wav' }),
  tools: offered,
  'tool-choice-required': (body) => offered(body) && is(body.at('tool_choice'), 'required'),
  'tool-choice-named': (body) => is(body.at('tool_choice'), { type: 'function', name: 'get_time' }),
  'tool-choice-allowed': (body) =>
    is(body.at('tool_choice', 'mode'), 'auto') &&
    is(body.at('tool_choice', 'tools'), [{ type: 'function', name: 'get_time' }]),
  'parallel-switch': (body) => is(body.at('parallel_tool_calls'), false),
  'tool-results': answered,
  'tool-result-images': (body) => answered(body) && picture(body.at('input', 2, 'output', 1)),
  'tool-result-errors': anywhere('is_error'),
  'json-schema': (body) => is(body.at('text', 'format', 'schema'), SCHEMA),
  'reasoning-effort': (body) => is(body.at('reasoning', 'effort'), 'high'),
  'reasoning-budget': (body) => is(body.at('reasoning', 'effort'), 'medium'),
  'cache-hints': anywhere('cache_control'),
  'stop-sequences': anywhere(MARK.stop),
  sampling: (body) => is(body.at('temperature'), MARK.temperature),
  'top-k': anywhere('top_k'),
  seed: anywhere(MARK.seed),
  choices: (body) => body.at('n').given,
  logprobs: (body) =>
    is(body.at('top_logprobs'), 3) &&
    body.at('include').list.some((each) => each.text === 'message.output_text.logprobs'),
  'server-tools': anywhere('search'),
};
