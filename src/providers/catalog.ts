import type { Capabilities } from '../protocols/codec.ts';
import { COMPATIBLE, COMPATIBLE_TASKS } from './provider.ts';
import type { Provider } from './provider.ts';

interface Row {
  readonly title: string;
  readonly baseUrl: string;
  readonly local?: true;
  readonly capabilities?: Partial<Capabilities>;
}

// One row per host that serves OpenAI's format. The variables are <NAME>_API_KEY and <NAME>_BASE_URL.
const ROWS: Readonly<Record<string, Row>> = {
  openai: {
    title: 'OpenAI',
    baseUrl: 'https://api.openai.com/v1',
    capabilities: { maxCompletionTokens: true, developerRole: true, namedChoiceStops: true },
  },
  baseten: { title: 'Baseten', baseUrl: 'https://inference.baseten.co/v1' },
  cerebras: { title: 'Cerebras', baseUrl: 'https://api.cerebras.ai/v1' },
  deepinfra: { title: 'DeepInfra', baseUrl: 'https://api.deepinfra.com/v1/openai' },
  deepseek: { title: 'DeepSeek', baseUrl: 'https://api.deepseek.com/v1' },
  fireworks: { title: 'Fireworks AI', baseUrl: 'https://api.fireworks.ai/inference/v1' },
  groq: { title: 'Groq', baseUrl: 'https://api.groq.com/openai/v1' },
  huggingface: { title: 'Hugging Face', baseUrl: 'https://router.huggingface.co/v1' },
  minimax: { title: 'MiniMax', baseUrl: 'https://api.minimax.io/v1' },
  mistral: { title: 'Mistral AI', baseUrl: 'https://api.mistral.ai/v1' },
  moonshot: { title: 'Moonshot AI', baseUrl: 'https://api.moonshot.ai/v1' },
  openrouter: { title: 'OpenRouter', baseUrl: 'https://openrouter.ai/api/v1' },
  perplexity: { title: 'Perplexity', baseUrl: 'https://api.perplexity.ai' },
  together: { title: 'Together AI', baseUrl: 'https://api.together.xyz/v1' },
  xai: { title: 'xAI', baseUrl: 'https://api.x.ai/v1' },
  llamacpp: { title: 'llama.cpp server', baseUrl: 'http://127.0.0.1:8080/v1', local: true },
  lmstudio: { title: 'LM Studio', baseUrl: 'http://127.0.0.1:1234/v1', local: true },
  ollama: { title: 'Ollama', baseUrl: 'http://127.0.0.1:11434/v1', local: true },
  vllm: { title: 'vLLM', baseUrl: 'http://127.0.0.1:8000/v1', local: true },
};

/** Every provider that works by its name alone, keyed by that name. */
export const CATALOG: ReadonlyMap<string, Provider> = new Map(
  Object.entries(ROWS).map(([name, row]) => [
    name,
    {
      name,
      title: row.title,
      protocol: 'openai-chat',
      baseUrl: row.baseUrl,
      keyVariable: `${name.toUpperCase()}_API_KEY`,
      baseUrlVariable: `${name.toUpperCase()}_BASE_URL`,
      tasks: COMPATIBLE_TASKS,
      auth: 'bearer',
      local: row.local ?? false,
      capabilities: { ...COMPATIBLE, ...row.capabilities },
    },
  ]),
);
