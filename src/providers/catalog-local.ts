import { EMBEDDINGS } from './row.ts';
import type { Rows } from './row.ts';

/** Servers on the operator's own machine, at their default ports. */
export const LOCAL: Rows = {
  llamacpp: {
    title: 'llama.cpp server',
    baseUrl: 'http://127.0.0.1:8080/v1',
    source: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md',
    local: true,
    tasks: { ...EMBEDDINGS, rerank: 'cohere-rerank' },
  },
  lmstudio: {
    title: 'LM Studio',
    baseUrl: 'http://127.0.0.1:1234/v1',
    source: 'https://lmstudio.ai/docs/api/openai-api',
    local: true,
    tasks: EMBEDDINGS,
  },
  ollama: {
    title: 'Ollama',
    baseUrl: 'http://127.0.0.1:11434/v1',
    source: 'https://docs.ollama.com/api/openai-compatibility',
    // The key belongs to the cloud of the same name; one that is given with a base URL of one's own is sent there.
    keys: [],
    local: true,
    tasks: { ...EMBEDDINGS, speech: 'openai-speech', transcription: 'openai-transcriptions' },
  },
  vllm: {
    title: 'vLLM',
    baseUrl: 'http://127.0.0.1:8000/v1',
    source: 'https://docs.vllm.ai/en/v0.22.1/serving/online_serving/',
    local: true,
    tasks: { ...EMBEDDINGS, transcription: 'openai-transcriptions', rerank: 'cohere-rerank' },
  },
};
