import { EMBEDDINGS } from './row.ts';
import type { Rows } from './row.ts';

/** Those who serve open models. */
export const HOSTS: Rows = {
  groq: {
    title: 'Groq',
    baseUrl: 'https://api.groq.com/openai/v1',
    source: 'https://console.groq.com/docs/openai',
    tasks: { speech: 'openai-speech', transcription: 'openai-transcriptions' },
    quirks: [
      { flags: { maxCompletionTokens: true }, source: 'https://console.groq.com/docs/api-reference#chat-create' },
    ],
  },
  together: {
    title: 'Together AI',
    baseUrl: 'https://api.together.xyz/v1',
    source: 'https://docs.together.ai/docs/inference/openai-compatibility',
    keys: ['TOGETHER_API_KEY', 'TOGETHER_AI_API_KEY'],
    tasks: {
      ...EMBEDDINGS,
      speech: 'openai-speech',
      transcription: 'openai-transcriptions',
      image: 'openai-images',
      rerank: 'cohere-rerank',
    },
  },
  fireworks: {
    title: 'Fireworks AI',
    baseUrl: 'https://api.fireworks.ai/inference/v1',
    source: 'https://docs.fireworks.ai/guides/querying-embeddings-models',
    keys: ['FIREWORKS_API_KEY', 'FIREWORKS_AI_API_KEY'],
    tasks: EMBEDDINGS,
  },
  cerebras: {
    title: 'Cerebras',
    baseUrl: 'https://api.cerebras.ai/v1',
    source: 'https://inference-docs.cerebras.ai/resources/openai',
    quirks: [
      {
        flags: { maxCompletionTokens: true },
        source: 'https://inference-docs.cerebras.ai/api-reference/chat-completions',
      },
    ],
  },
  nvidia: {
    title: 'NVIDIA NIM',
    baseUrl: 'https://integrate.api.nvidia.com/v1',
    source: 'https://github.com/anomalyco/models.dev/blob/dev/providers/nvidia/provider.toml',
    keys: ['NVIDIA_API_KEY', 'NVIDIA_NIM_API_KEY'],
  },
  huggingface: {
    title: 'Hugging Face',
    baseUrl: 'https://router.huggingface.co/v1',
    source: 'https://huggingface.co/docs/inference-providers',
    keys: ['HF_TOKEN', 'HUGGINGFACE_API_KEY'],
  },
  sambanova: {
    title: 'SambaNova',
    baseUrl: 'https://api.sambanova.ai/v1',
    source: 'https://docs.pipecat.ai/server/services/llm/sambanova',
    tasks: EMBEDDINGS,
  },
  nebius: {
    title: 'Nebius Token Factory',
    baseUrl: 'https://api.tokenfactory.nebius.com/v1',
    source: 'https://github.com/anomalyco/models.dev/blob/dev/providers/nebius/provider.toml',
    tasks: EMBEDDINGS,
  },
  deepinfra: {
    title: 'DeepInfra',
    baseUrl: 'https://api.deepinfra.com/v1/openai',
    source: 'https://deepinfra.com/docs/openai_api',
    keys: ['DEEPINFRA_API_KEY', 'DEEPINFRA_TOKEN'],
    tasks: { ...EMBEDDINGS, 'image-edit': 'openai-images' },
  },
  hyperbolic: {
    title: 'Hyperbolic',
    baseUrl: 'https://api.hyperbolic.xyz/v1',
    source: 'https://github.com/Portkey-AI/gateway/blob/main/src/providers/hyperbolic/api.ts',
  },
  novita: {
    title: 'Novita AI',
    baseUrl: 'https://api.novita.ai/openai',
    source: 'https://github.com/anomalyco/models.dev/blob/dev/providers/novita-ai/provider.toml',
  },
  baseten: {
    title: 'Baseten',
    baseUrl: 'https://inference.baseten.co/v1',
    source: 'https://docs.baseten.co/inference/model-apis/overview',
  },
  siliconflow: {
    title: 'SiliconFlow',
    baseUrl: 'https://api.siliconflow.com/v1',
    source: 'https://github.com/anomalyco/models.dev/blob/dev/providers/siliconflow/provider.toml',
    tasks: EMBEDDINGS,
  },
  friendli: {
    title: 'Friendli',
    baseUrl: 'https://api.friendli.ai/serverless/v1',
    source: 'https://github.com/anomalyco/models.dev/blob/dev/providers/friendli/provider.toml',
    keys: ['FRIENDLI_TOKEN', 'FRIENDLI_API_KEY'],
  },
  chutes: {
    title: 'Chutes',
    baseUrl: 'https://llm.chutes.ai/v1',
    source: 'https://llm.chutes.ai/v1/models',
  },
  venice: {
    title: 'Venice AI',
    baseUrl: 'https://api.venice.ai/api/v1',
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/openai_like/providers.json',
    keys: ['VENICE_API_KEY', 'VENICE_AI_API_KEY'],
  },
  'io-net': {
    title: 'io.net Intelligence',
    baseUrl: 'https://api.intelligence.io.solutions/api/v1',
    source: 'https://github.com/anomalyco/models.dev/blob/dev/providers/io-net/provider.toml',
    keys: ['IOINTELLIGENCE_API_KEY'],
    tasks: EMBEDDINGS,
  },
  'inference-net': {
    title: 'Inference.net',
    baseUrl: 'https://api.inference.net/v1',
    source: 'https://github.com/Portkey-AI/gateway/blob/main/src/providers/inference-net/api.ts',
    keys: ['INFERENCE_API_KEY'],
  },
  featherless: {
    title: 'Featherless',
    baseUrl: 'https://api.featherless.ai/v1',
    source: 'https://github.com/Portkey-AI/gateway/blob/main/src/providers/featherless-ai/api.ts',
  },
  gmicloud: {
    title: 'GMI Cloud',
    baseUrl: 'https://api.gmi-serving.com/v1',
    source: 'https://github.com/vercel/ai/blob/main/packages/gmicloud/src/gmicloud-provider.ts',
    keys: ['GMI_CLOUD_APIKEY', 'GMICLOUD_API_KEY', 'GMI_API_KEY'],
  },
  nscale: {
    title: 'Nscale',
    baseUrl: 'https://inference.api.nscale.com/v1',
    source: 'https://github.com/Portkey-AI/gateway/blob/main/src/providers/nscale/api.ts',
    tasks: { image: 'openai-images' },
  },
  wandb: {
    title: 'Weights & Biases Inference',
    baseUrl: 'https://api.inference.wandb.ai/v1',
    source: 'https://docs.wandb.ai/guides/integrations/inference/',
  },
  'ollama-cloud': {
    title: 'Ollama Cloud',
    baseUrl: 'https://ollama.com/v1',
    source: 'https://docs.ollama.com/cloud',
    keys: ['OLLAMA_API_KEY'],
  },
};
