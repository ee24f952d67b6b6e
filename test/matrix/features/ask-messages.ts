import type { Asks } from './ask.ts';
import type { Body } from './values.ts';
import { MARK, PLAIN, SCHEMA, TOOLS } from './values.ts';

const user = (...content: readonly unknown[]): Body => ({ messages: [{ role: 'user', content }] });
const text = { type: 'text', text: PLAIN };
const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: MARK.image } };
const tools = TOOLS.map(({ name, description, schema }) => ({ name, description, input_schema: schema }));
const answered = (result: Body): Body => ({
  tools,
  messages: [
    { role: 'user', content: PLAIN },
    {
      role: 'assistant',
      content: [{ type: 'tool_use', id: MARK.callId, name: 'get_weather', input: JSON.parse(MARK.args) as unknown }],
    },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: MARK.callId, ...result }] },
  ],
});

/** What a client of Messages asks. */
export const MESSAGES_ASKS: Asks = {
  path: () => '/v1/messages',
  base: (model, stream) => ({
    model,
    max_tokens: 32_000,
    messages: [{ role: 'user', content: PLAIN }],
    ...(stream && { stream: true }),
  }),
  asks: {
    'system-prompt': { system: MARK.system },
    'text-parts': user(...MARK.parts.map((part) => ({ type: 'text', text: part }))),
    'image-input': user(text, image),
    'document-input': user(text, {
      type: 'document',
      title: 'mark.pdf',
      source: { type: 'base64', media_type: 'application/pdf', data: MARK.document },
    }),
    tools: { tools },
    'tool-choice-required': { tools, tool_choice: { type: 'any' } },
    'tool-choice-named': { tools, tool_choice: { type: 'tool', name: 'get_time' } },
    'parallel-switch': { tools, tool_choice: { type: 'auto', disable_parallel_tool_use: true } },
    'tool-results': answered({ content: MARK.result }),
    'tool-result-images': answered({ content: [{ type: 'text', text: MARK.result }, image] }),
    'tool-result-errors': answered({ content: MARK.result, is_error: true }),
    'json-schema': { output_config: { format: { type: 'json_schema', schema: SCHEMA } } },
    'reasoning-effort': { output_config: { effort: 'high' } },
    'reasoning-budget': { thinking: { type: 'enabled', budget_tokens: MARK.budget } },
    'cache-hints': user({ type: 'text', text: MARK.hinted, cache_control: { type: 'ephemeral' } }, text),
    'stop-sequences': { stop_sequences: [MARK.stop] },
    sampling: { temperature: MARK.temperature },
    'top-k': { top_k: MARK.topK },
    'server-tools': { tools: [{ type: 'web_search_20250305', name: 'web_search', max_uses: 3 }] },
  },
};
