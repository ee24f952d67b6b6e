import type { Asks } from './ask.ts';
import type { Body } from './values.ts';
import { MARK, PLAIN, SCHEMA, TOOLS } from './values.ts';

const user = (...parts: readonly unknown[]): Body => ({ contents: [{ role: 'user', parts }] });
const config = (generationConfig: Body): Body => ({ generationConfig });
const text = { text: PLAIN };
const image = { inlineData: { mimeType: 'image/png', data: MARK.image } };
const tools = [
  {
    functionDeclarations: TOOLS.map(({ name, description, schema }) => ({
      name,
      description,
      parametersJsonSchema: schema,
    })),
  },
];
const calling = (functionCallingConfig: Body): Body => ({ tools, toolConfig: { functionCallingConfig } });
const answered = (response: Body, parts?: readonly unknown[]): Body => ({
  tools,
  contents: [
    { role: 'user', parts: [text] },
    {
      role: 'model',
      parts: [{ functionCall: { id: MARK.callId, name: 'get_weather', args: JSON.parse(MARK.args) as unknown } }],
    },
    {
      role: 'user',
      parts: [
        { functionResponse: { id: MARK.callId, name: 'get_weather', response, ...(parts !== undefined && { parts }) } },
      ],
    },
  ],
});

/** What a client of Gemini asks. */
export const GEMINI_ASKS: Asks = {
  path: (model, stream) =>
    `/v1beta/models/${encodeURIComponent(model)}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
  base: () => user(text),
  asks: {
    'system-prompt': { systemInstruction: { parts: [{ text: MARK.system }] } },
    'text-parts': user(...MARK.parts.map((part) => ({ text: part }))),
    'image-input': user(text, image),
    'document-input': user(text, { inlineData: { mimeType: 'application/pdf', data: MARK.document } }),
    'audio-input': user(text, { inlineData: { mimeType: 'audio/wav', data: MARK.audio } }),
    tools: { tools },
    'tool-choice-required': calling({ mode: 'ANY' }),
    'tool-choice-named': calling({ mode: 'ANY', allowedFunctionNames: ['get_time'] }),
    'tool-choice-allowed': calling({ mode: 'VALIDATED', allowedFunctionNames: ['get_time'] }),
    'tool-results': answered({ output: MARK.result }),
    'tool-result-images': answered({ output: MARK.result }, [image]),
    'tool-result-errors': answered({ error: MARK.result }),
    'json-schema': config({ responseMimeType: 'application/json', responseJsonSchema: SCHEMA }),
    'reasoning-effort': config({ thinkingConfig: { thinkingLevel: 'HIGH' } }),
    'reasoning-budget': config({ thinkingConfig: { thinkingBudget: MARK.budget } }),
    'stop-sequences': config({ stopSequences: [MARK.stop] }),
    sampling: config({ temperature: MARK.temperature }),
    'top-k': config({ topK: MARK.topK }),
    seed: config({ seed: MARK.seed }),
    choices: config({ candidateCount: 2 }),
    logprobs: config({ responseLogprobs: true, logprobs: 3 }),
    'server-tools': { tools: [{ googleSearch: {} }] },
  },
};
