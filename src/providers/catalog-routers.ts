import { COMPATIBLE_TASKS } from './provider.ts';
import { EMBEDDINGS } from './row.ts';
import type { Rows } from './row.ts';

/** Those who pass requests on to others. */
export const ROUTERS: Rows = {
  openrouter: {
    title: 'OpenRouter',
    baseUrl: 'https://openrouter.ai/api/v1',
    source: 'https://openrouter.ai/docs/guides/evaluate-and-optimize/rag',
    tasks: { ...EMBEDDINGS, rerank: 'cohere-rerank' },
  },
  vercel: {
    title: 'Vercel AI Gateway',
    baseUrl: 'https://ai-gateway.vercel.sh/v1',
    source: 'https://vercel.com/docs/ai-gateway/sdks-and-apis/openai-chat-completions/embeddings',
    keys: ['AI_GATEWAY_API_KEY', 'VERCEL_AI_GATEWAY_API_KEY'],
    tasks: EMBEDDINGS,
  },
  requesty: {
    title: 'Requesty',
    baseUrl: 'https://router.requesty.ai/v1',
    source: 'https://github.com/anomalyco/models.dev/blob/dev/providers/requesty/provider.toml',
  },
  helicone: {
    title: 'Helicone AI Gateway',
    baseUrl: 'https://ai-gateway.helicone.ai/v1',
    source: 'https://github.com/anomalyco/models.dev/blob/dev/providers/helicone/provider.toml',
  },
  aihubmix: {
    title: 'AIHubMix',
    baseUrl: 'https://aihubmix.com/v1',
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/openai_like/providers.json',
  },
  poe: {
    title: 'Poe',
    baseUrl: 'https://api.poe.com/v1',
    source: 'https://creator.poe.com/docs/external-applications/openai-compatible-api',
  },
  'nano-gpt': {
    title: 'NanoGPT',
    baseUrl: 'https://nano-gpt.com/api/v1',
    source: 'https://github.com/anomalyco/models.dev/blob/dev/providers/nano-gpt/provider.toml',
    keys: ['NANO_GPT_API_KEY', 'NANOGPT_API_KEY'],
  },
  litellm: {
    title: 'LiteLLM proxy',
    baseUrl: 'http://127.0.0.1:4000/v1',
    source: 'https://docs.litellm.ai/docs/proxy/user_keys',
    local: true,
    tasks: COMPATIBLE_TASKS,
  },
};
