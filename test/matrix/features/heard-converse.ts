import type { Peek } from '../../support/peek.ts';
import { anywhere, is } from './heard.ts';
import type { Heard } from './heard.ts';
import { MARK, SCHEMA, TOOLS } from './values.ts';

const parts = (body: Peek): Peek => body.at('messages', 0, 'content');
const media = (part: Peek, kind: string, format: string, bytes: string): boolean =>
  is(part.at(kind, 'format'), format) && is(part.at(kind, 'source'), { bytes });
const offered = (body: Peek): boolean =>
  TOOLS.every(({ name, description, schema }, index) => {
    const tool = body.at('toolConfig', 'tools', index, 'toolSpec');
    const shape = tool.at('inputSchema', 'json');
    return is(tool.at('name'), name) && is(tool.at('description'), description) && is(shape, schema);
  });
const result = (body: Peek): Peek => body.at('messages', 2, 'content', 0, 'toolResult');
const answered = (body: Peek): boolean => {
  const call = body.at('messages', 1, 'content', 0, 'toolUse');
  return (
    is(call.at('toolUseId'), MARK.callId) &&
    is(call.at('input'), JSON.parse(MARK.args)) &&
    is(result(body).at('toolUseId'), MARK.callId) &&
    is(result(body).at('content', 0, 'text'), MARK.result)
  );
};
const more = (body: Peek): Peek => body.at('additionalModelRequestFields');

/** What an upstream of Converse hears, with a Claude behind it. */
export const CONVERSE_HEARD: Heard = {
  'system-prompt': (body) => is(body.at('system'), [{ text: MARK.system }]),
  'text-parts': (body) =>
    is(
      parts(body),
      MARK.parts.map((text) => ({ text })),
    ),
  'image-input': (body) => media(parts(body).at(1), 'image', 'png', MARK.image),
  'document-input': (body) => media(parts(body).at(1), 'document', 'pdf', MARK.document),
  'audio-input': (body) => media(parts(body).at(1), 'audio', 'wav', MARK.audio),
  tools: offered,
  'tool-choice-required': (body) => offered(body) && is(body.at('toolConfig', 'toolChoice'), { any: {} }),
  'tool-choice-named': (body) => is(body.at('toolConfig', 'toolChoice'), { tool: { name: 'get_time' } }),
  'tool-choice-allowed': (body) =>
    body.at('toolConfig', 'tools').list.length === 1 &&
    is(body.at('toolConfig', 'tools', 0, 'toolSpec', 'name'), 'get_time'),
  'parallel-switch': (body) => is(more(body).at('tool_choice', 'disable_parallel_tool_use'), true),
  'tool-results': answered,
  'tool-result-images': (body) => answered(body) && media(result(body).at('content', 1), 'image', 'png', MARK.image),
  'tool-result-errors': (body) => answered(body) && is(result(body).at('status'), 'error'),
  'json-schema': (body) => {
    const schema = body.at('outputConfig', 'textFormat', 'structure', 'jsonSchema', 'schema').text;
    return schema === JSON.stringify(SCHEMA);
  },
  'reasoning-effort': (body) => is(more(body).at('thinking'), { type: 'enabled', budget_tokens: 16_384 }),
  'reasoning-budget': (body) => is(more(body).at('thinking'), { type: 'enabled', budget_tokens: MARK.budget }),
  'cache-hints': (body) =>
    is(parts(body).at(0, 'text'), MARK.hinted) && is(parts(body).at(1, 'cachePoint', 'type'), 'default'),
  'stop-sequences': (body) => is(body.at('inferenceConfig', 'stopSequences'), [MARK.stop]),
  sampling: (body) => is(body.at('inferenceConfig', 'temperature'), MARK.temperature),
  'top-k': (body) => is(more(body).at('top_k'), MARK.topK),
  seed: anywhere(MARK.seed),
  choices: anywhere('candidate', '"n":'),
  logprobs: anywhere('logprobs'),
  'server-tools': anywhere('search'),
};
