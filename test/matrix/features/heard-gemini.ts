import type { Peek } from '../../support/peek.ts';
import { anywhere, is } from './heard.ts';
import type { Heard } from './heard.ts';
import { MARK, SCHEMA, TOOLS } from './values.ts';

const parts = (body: Peek): Peek => body.at('contents', 0, 'parts');
const config = (body: Peek): Peek => body.at('generationConfig');
const inline = (part: Peek, type: string, data: string): boolean =>
  is(part.at('inlineData', 'mimeType'), type) && is(part.at('inlineData', 'data'), data);
const offered = (body: Peek): boolean =>
  TOOLS.every(({ name, description, schema }, index) => {
    const tool = body.at('tools', 0, 'functionDeclarations', index);
    const shape = tool.at('parametersJsonSchema');
    return is(tool.at('name'), name) && is(tool.at('description'), description) && is(shape, schema);
  });
const choice = (body: Peek): Peek => body.at('toolConfig', 'functionCallingConfig');
const result = (body: Peek): Peek => body.at('contents', 2, 'parts', 0, 'functionResponse');
const answered =
  (key: string) =>
  (body: Peek): boolean => {
    const call = body.at('contents', 1, 'parts', 0, 'functionCall');
    return (
      is(call.at('name'), 'get_weather') &&
      is(call.at('args'), JSON.parse(MARK.args)) &&
      is(result(body).at('name'), 'get_weather') &&
      is(result(body).at('response', key), MARK.result)
    );
  };

/** What an upstream of Gemini hears. */
export const GEMINI_HEARD: Heard = {
  'system-prompt': (body) => is(body.at('systemInstruction', 'parts'), [{ text: MARK.system }]),
  'text-parts': (body) =>
    is(
      parts(body),
      MARK.parts.map((text) => ({ text })),
    ),
  'image-input': (body) => inline(parts(body).at(1), 'image/png', MARK.image),
  'document-input': (body) => inline(parts(body).at(1), 'application/pdf', MARK.document),
  'audio-input': (body) => inline(parts(body).at(1), 'audio/wav', MARK.audio),
  tools: offered,
  'tool-choice-required': (body) => offered(body) && is(choice(body).at('mode'), 'ANY'),
  'tool-choice-named': (body) => is(choice(body), { mode: 'ANY', allowedFunctionNames: ['get_time'] }),
  'tool-choice-allowed': (body) =>
    is(choice(body).at('allowedFunctionNames'), ['get_time']) ||
    (is(body.at('tools', 0, 'functionDeclarations', 0, 'name'), 'get_time') && is(choice(body).at('mode'), 'AUTO')),
  'parallel-switch': anywhere('parallel'),
  'tool-results': answered('output'),
  'tool-result-images': (body) =>
    answered('output')(body) &&
    (inline(result(body).at('parts', 0), 'image/png', MARK.image) ||
      inline(body.at('contents', 2, 'parts', 1), 'image/png', MARK.image)),
  'tool-result-errors': answered('error'),
  'json-schema': (body) =>
    is(config(body).at('responseMimeType'), 'application/json') && is(config(body).at('responseJsonSchema'), SCHEMA),
  'reasoning-effort': (body) => {
    const thinking = config(body).at('thinkingConfig');
    return is(thinking.at('thinkingBudget'), 24_576) || is(thinking.at('thinkingLevel'), 'HIGH');
  },
  'reasoning-budget': (body) => is(config(body).at('thinkingConfig', 'thinkingBudget'), MARK.budget),
  'cache-hints': anywhere('cache_control', 'ephemeral'),
  'stop-sequences': (body) => is(config(body).at('stopSequences'), [MARK.stop]),
  sampling: (body) => is(config(body).at('temperature'), MARK.temperature),
  'top-k': (body) => is(config(body).at('topK'), MARK.topK),
  seed: (body) => is(config(body).at('seed'), MARK.seed),
  choices: (body) => is(config(body).at('candidateCount'), 2),
  logprobs: (body) => is(config(body).at('responseLogprobs'), true) && is(config(body).at('logprobs'), 3),
  'server-tools': anywhere('earch'),
};
