import OpenAI from 'openai';
import { expect, onTestFinished, test } from 'vitest';
import { Brain } from '../support/brains/brain.ts';
import { THOUGHTS, TOOL } from '../support/brains/mind.ts';
import { MESSAGES_MIND } from '../support/brains/messages.ts';
import { startGateway } from '../support/gateway.ts';
import { Peek } from '../support/peek.ts';

const TOOLS = [
  {
    type: 'function' as const,
    name: TOOL.name,
    description: TOOL.description,
    strict: false,
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
];

/** A gateway before a provider that seals what it thinks, and takes its calls back with that alone. */
async function openTalk(): Promise<{ readonly brain: Brain; readonly client: OpenAI }> {
  const brain = await Brain.start(MESSAGES_MIND);
  const provider = `{ protocol: anthropic-messages, base_url: "${brain.url}/v1", api_key: brain }`;
  const gateway = await startGateway(`providers: { brain: ${provider} }`);
  onTestFinished(async () => {
    await gateway.close();
    await brain.close();
  });
  return { brain, client: new OpenAI({ apiKey: 'ada', baseURL: `${gateway.url}/v1`, maxRetries: 0 }) };
}

const ASK = {
  model: 'brain/claude-sonnet-4-5',
  tools: TOOLS,
  reasoning: { effort: 'low' as const },
  max_output_tokens: 8000,
};

function resultFor(output: readonly unknown[]): { type: 'function_call_output'; call_id: string; output: string } {
  const call = output.map((item) => new Peek(item)).find((item) => item.at('type').text === 'function_call');
  return { type: 'function_call_output', call_id: call?.at('call_id').text ?? '', output: TOOL.result };
}

test('OR-59 a conversation goes on with what its provider sealed, although the client was never shown it', async () => {
  const { brain, client } = await openTalk();
  const first = await client.responses.create({ ...ASK, input: 'How is the weather?' });
  const [reasoning] = first.output.map((item) => new Peek(item));
  expect(reasoning?.at('type').text).toBe('reasoning');
  expect(reasoning?.at('summary', 0, 'text').text).toBe(THOUGHTS.join(''));
  expect(reasoning?.has('encrypted_content')).toBe(false);
  const second = await client.responses.create({
    ...ASK,
    input: [resultFor(first.output)],
    previous_response_id: first.id,
  });
  expect(second.output_text).toContain(TOOL.result);
  expect(brain.refusals).toEqual([]);
});

test('OR-59 OR-86 a client that keeps everything itself gets the seal when it asks, and it comes back as it was', async () => {
  const { brain, client } = await openTalk();
  const stateless = { ...ASK, store: false, include: ['reasoning.encrypted_content' as const] };
  const question = { role: 'user' as const, content: 'How is the weather?' };
  const first = await client.responses.create({ ...stateless, input: [question] });
  const [reasoning] = first.output.map((item) => new Peek(item));
  expect(reasoning?.at('encrypted_content').text).not.toBe('');
  const second = await client.responses.create({
    ...stateless,
    input: [question, ...(first.output as []), resultFor(first.output)],
  });
  expect(second.output_text).toContain(TOOL.result);
  expect(brain.refusals).toEqual([]);
  const sent = JSON.stringify(brain.asks.at(-1)?.body.value);
  expect(sent).toContain('"signature"');
  expect(sent).not.toContain('streamweir.');
});
