import { EMBEDDINGS } from './row.ts';
import type { Rows } from './row.ts';

/** Those without text models: vectors, rankings, voices. */
export const SPECIALISTS: Rows = {
  jina: {
    title: 'Jina AI',
    baseUrl: 'https://api.jina.ai/v1',
    source: 'https://github.com/Portkey-AI/gateway/blob/main/src/providers/jina/api.ts',
    protocol: null,
    tasks: { ...EMBEDDINGS, rerank: 'cohere-rerank' },
  },
  voyage: {
    title: 'Voyage AI',
    baseUrl: 'https://api.voyageai.com/v1',
    source: 'https://github.com/vercel/ai/blob/main/packages/voyage/src/voyage-provider.ts',
    protocol: null,
    // Its rankings have a form of their own, so they are not among its tasks.
    tasks: EMBEDDINGS,
  },
  deepgram: {
    title: 'Deepgram',
    baseUrl: 'https://api.deepgram.com',
    source: 'https://github.com/vercel/ai/blob/main/packages/deepgram/src/deepgram-provider.ts',
    protocol: null,
    tasks: { speech: 'ai-sdk', transcription: 'ai-sdk' },
    package: '@ai-sdk/deepgram',
  },
  elevenlabs: {
    title: 'ElevenLabs',
    baseUrl: 'https://api.elevenlabs.io',
    source: 'https://github.com/vercel/ai/blob/main/packages/elevenlabs/src/elevenlabs-provider.ts',
    protocol: null,
    tasks: { speech: 'ai-sdk', transcription: 'ai-sdk' },
    package: '@ai-sdk/elevenlabs',
  },
};
