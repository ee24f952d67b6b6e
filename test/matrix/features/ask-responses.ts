import type { Asks } from './ask.ts';
import type { Body } from './values.ts';
import { MARK, PLAIN, SCHEMA, TOOLS } from './values.ts';

const user = (...content: readonly unknown[]): Body => ({ input: [{ type: 'message', role: 'user', content }] });
const text = { type: 'input_text', text: PLAIN };
const image = { type: 'input_image', image_url: `data:image/png;base64,${MARK.image}` };
const tools = TOOLS.map(({ name, description, schema }) => ({
  type: 'function',
  name,
  description,
  parameters: schema,
  strict: false,
}));
const answered = (output: unknown): Body => ({
  tools,
  input: [
    { type: 'message', role: 'user', content: PLAIN },
    { type: 'function_call', call_id: MARK.callId, name: 'get_weather', arguments: MARK.args },
    { type: 'function_call_output', call_id: MARK.callId, output },
  ],
});

/** What a client of the Responses format asks. */
export const RESPONSES_ASKS: Asks = {
  path: () => '/v1/responses',
  base: (model, stream) => ({ model, input: PLAIN, store: false, ...(stream && { stream: true }) }),
  asks: {
    'system-prompt': { instructions: MARK.system },
    'text-parts': user(...MARK.parts.map((part) => ({ type: 'input_text', text: part }))),
    'image-input': user(text, image),
    'document-input': user(text, {
      type: 'input_file',
      filename: 'mark.pdf',
      file_data: `data:application/pdf;base64,${MARK.document}`,
    }),
    'audio-input': user(text, { type: 'input_audio', input_audio: { data: MARK.audio, format: 'wav' } }),
    tools: { tools },
    'tool-choice-required': { tools, tool_choice: 'required' },
    'tool-choice-named': { tools, tool_choice: { type: 'function', name: 'get_time' } },
    'tool-choice-allowed': {
      tools,
      tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'get_time' }] },
    },
    'parallel-switch': { tools, parallel_tool_calls: false },
    'tool-results': answered(MARK.result),
    'tool-result-images': answered([{ type: 'input_text', text: MARK.result }, image]),
    'json-schema': { text: { format: { type: 'json_schema', name: 'verdict', schema: SCHEMA, strict: true } } },
    'reasoning-effort': { reasoning: { effort: 'high' } },
    sampling: { temperature: MARK.temperature },
    logprobs: { include: ['message.output_text.logprobs'], top_logprobs: 3 },
    'server-tools': { tools: [{ type: 'web_search', search_context_size: 'low' }] },
  },
};
