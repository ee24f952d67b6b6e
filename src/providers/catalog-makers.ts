import { EMBEDDINGS } from './row.ts';
import type { Rows } from './row.ts';

/** Those who train models and serve them under their own name. */
export const MAKERS: Rows = {
  openai: {
    title: 'OpenAI',
    baseUrl: 'https://api.openai.com/v1',
    source: 'https://platform.openai.com/docs/api-reference/introduction',
    tasks: {
      ...EMBEDDINGS,
      speech: 'openai-speech',
      transcription: 'openai-transcriptions',
      image: 'openai-images',
      'image-edit': 'openai-images',
      moderation: 'openai-moderations',
    },
    quirks: [
      {
        flags: { maxCompletionTokens: true, developerRole: true },
        source: 'https://platform.openai.com/docs/api-reference/chat/create',
      },
      { flags: { namedChoiceStops: true }, source: 'https://platform.openai.com/docs/guides/function-calling' },
    ],
  },
  anthropic: {
    title: 'Anthropic',
    baseUrl: 'https://api.anthropic.com/v1',
    source: 'https://docs.anthropic.com/en/api/messages',
    protocol: 'anthropic-messages',
    versionPath: '/v1',
    auth: 'x-api-key',
  },
  google: {
    title: 'Google Gemini',
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta',
    source: 'https://ai.google.dev/api/generate-content',
    aliases: ['gemini'],
    protocol: 'gemini',
    keys: ['GEMINI_API_KEY', 'GOOGLE_API_KEY', 'GOOGLE_GENERATIVE_AI_API_KEY'],
    urls: ['GOOGLE_GEMINI_BASE_URL', 'GEMINI_BASE_URL', 'GOOGLE_BASE_URL'],
    versionPath: '/v1beta',
    tasks: { embedding: 'gemini' },
    auth: 'x-goog-api-key',
  },
  mistral: {
    title: 'Mistral AI',
    baseUrl: 'https://api.mistral.ai/v1',
    source: 'https://docs.mistral.ai/api/',
    tasks: { ...EMBEDDINGS, transcription: 'openai-transcriptions', moderation: 'openai-moderations' },
    quirks: [
      // It counts on its own, and answers the question for it with 422.
      { flags: { streamUsage: false }, source: 'https://github.com/avante-corp/avante.nvim/issues/2347' },
    ],
  },
  deepseek: {
    title: 'DeepSeek',
    baseUrl: 'https://api.deepseek.com/v1',
    source: 'https://api-docs.deepseek.com/',
  },
  xai: {
    title: 'xAI',
    baseUrl: 'https://api.x.ai/v1',
    source: 'https://docs.x.ai/docs/api-reference',
    tasks: { image: 'openai-images' },
  },
  cohere: {
    title: 'Cohere',
    baseUrl: 'https://api.cohere.ai/compatibility/v1',
    source: 'https://docs.cohere.com/docs/compatibility-api',
    keys: ['COHERE_API_KEY', 'CO_API_KEY'],
    tasks: EMBEDDINGS,
    quirks: [
      {
        flags: { streamUsage: false },
        source: 'https://strandsagents.com/docs/user-guide/concepts/model-providers/cohere/',
      },
    ],
  },
  'cohere-rerank': {
    title: 'Cohere, rankings',
    baseUrl: 'https://api.cohere.com/v2',
    source: 'https://docs.cohere.com/reference/rerank',
    protocol: null,
    keys: ['COHERE_API_KEY', 'CO_API_KEY'],
    tasks: { rerank: 'cohere-rerank' },
  },
  perplexity: {
    title: 'Perplexity',
    baseUrl: 'https://api.perplexity.ai',
    source: 'https://docs.perplexity.ai/api-reference/chat-completions-post',
    keys: ['PERPLEXITY_API_KEY', 'PPLX_API_KEY'],
  },
  moonshot: {
    title: 'Moonshot AI',
    baseUrl: 'https://api.moonshot.ai/v1',
    source: 'https://platform.moonshot.ai/docs/api/chat',
  },
  'moonshot-cn': {
    title: 'Moonshot AI, China',
    baseUrl: 'https://api.moonshot.cn/v1',
    source: 'https://platform.moonshot.cn/docs/api/chat',
    keys: ['MOONSHOT_CN_API_KEY'],
  },
  zai: {
    title: 'Z.ai',
    baseUrl: 'https://api.z.ai/api/paas/v4',
    source: 'https://github.com/anomalyco/models.dev/blob/dev/providers/zai/provider.toml',
  },
  zhipu: {
    title: 'Zhipu AI',
    baseUrl: 'https://open.bigmodel.cn/api/paas/v4',
    source: 'https://github.com/anomalyco/models.dev/blob/dev/providers/zhipuai/provider.toml',
  },
  dashscope: {
    title: 'Alibaba Cloud Model Studio (Qwen)',
    baseUrl: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
    source: 'https://github.com/vercel/ai/blob/main/packages/alibaba/src/alibaba-provider.ts',
    aliases: ['qwen', 'alibaba'],
    keys: ['DASHSCOPE_API_KEY', 'ALIBABA_API_KEY'],
    tasks: EMBEDDINGS,
  },
  'dashscope-cn': {
    title: 'Alibaba Cloud Model Studio, China',
    baseUrl: 'https://dashscope.aliyuncs.com/compatible-mode/v1',
    source: 'https://github.com/anomalyco/models.dev/blob/dev/providers/alibaba-cn/provider.toml',
    keys: ['DASHSCOPE_CN_API_KEY'],
    tasks: EMBEDDINGS,
  },
  minimax: {
    title: 'MiniMax',
    baseUrl: 'https://api.minimax.io/v1',
    source: 'https://platform.minimax.io/docs/api-reference/text-openai-api',
    quirks: [
      { flags: { maxCompletionTokens: true }, source: 'https://java.agentscope.io/v2/en/integration/model/minimax' },
    ],
  },
  stepfun: {
    title: 'StepFun',
    baseUrl: 'https://api.stepfun.com/v1',
    source: 'https://github.com/anomalyco/models.dev/blob/dev/providers/stepfun/provider.toml',
  },
  upstage: {
    title: 'Upstage',
    baseUrl: 'https://api.upstage.ai/v1/solar',
    source: 'https://developers.upstage.ai/docs/apis/chat',
    tasks: EMBEDDINGS,
  },
  inception: {
    title: 'Inception Labs',
    baseUrl: 'https://api.inceptionlabs.ai/v1',
    source: 'https://github.com/anomalyco/models.dev/blob/dev/providers/inception/provider.toml',
  },
  llama: {
    title: 'Meta Llama API',
    baseUrl: 'https://api.llama.com/compat/v1',
    source: 'https://github.com/anomalyco/models.dev/blob/dev/providers/llama/provider.toml',
  },
};
