import type { Asks } from './ask.ts';
import type { Body } from './values.ts';
import { MARK, PLAIN, SCHEMA, TOOLS } from './values.ts';

const user = (content: unknown): Body => ({ messages: [{ role: 'user', content }] });
const tools = TOOLS.map(({ name, description, schema }) => ({
  type: 'function',
  function: { name, description, parameters: schema },
}));
const text = { type: 'text', text: PLAIN };
const image = { type: 'image_url', image_url: { url: `data:image/png;base64,${MARK.image}` } };
const call = {
  id: MARK.callId,
  type: 'function',
  function: { name: 'get_weather', arguments: MARK.args },
};
const answered = (content: unknown): Body => ({
  tools,
  messages: [
    { role: 'user', content: PLAIN },
    { role: 'assistant', content: null, tool_calls: [call] },
    { role: 'tool', tool_call_id: MARK.callId, content },
  ],
});

/** What a chat client asks. */
export const CHAT_ASKS: Asks = {
  path: () => '/v1/chat/completions',
  base: (model, stream) => ({
    model,
    ...user(PLAIN),
    ...(stream && { stream: true, stream_options: { include_usage: true } }),
  }),
  asks: {
    'system-prompt': { messages: [{ role: 'system', content: MARK.system }, ...[user(PLAIN)['messages']].flat()] },
    'text-parts': user(MARK.parts.map((part) => ({ type: 'text', text: part }))),
    'image-input': user([text, image]),
    'document-input': user([
      text,
      { type: 'file', file: { filename: 'mark.pdf', file_data: `data:application/pdf;base64,${MARK.document}` } },
    ]),
    'audio-input': user([text, { type: 'input_audio', input_audio: { data: MARK.audio, format: 'wav' } }]),
    tools: { tools },
    'tool-choice-required': { tools, tool_choice: 'required' },
    'tool-choice-named': { tools, tool_choice: { type: 'function', function: { name: 'get_time' } } },
    'tool-choice-allowed': {
      tools,
      tool_choice: {
        type: 'allowed_tools',
        allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'get_time' } }] },
      },
    },
    'parallel-switch': { tools, parallel_tool_calls: false },
    'tool-results': answered(MARK.result),
    'tool-result-images': answered([{ type: 'text', text: MARK.result }, image]),
    'json-schema': {
      response_format: { type: 'json_schema', json_schema: { name: 'verdict', schema: SCHEMA, strict: true } },
    },
    'reasoning-effort': { reasoning_effort: 'high' },
    'reasoning-budget': { reasoning: { max_tokens: MARK.budget } },
    'cache-hints': user([{ type: 'text', text: MARK.hinted, cache_control: { type: 'ephemeral' } }, text]),
    'stop-sequences': { stop: [MARK.stop] },
    sampling: { temperature: MARK.temperature },
    'top-k': { top_k: MARK.topK },
    seed: { seed: MARK.seed },
    choices: { n: 2 },
    logprobs: { logprobs: true, top_logprobs: 3 },
    'server-tools': { tools: [{ type: 'search_mark', search_mark: { depth: 1 } }] },
  },
};
