import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { matrixConfig, PROVIDER } from '../matrix/cells.ts';
import { FakeUpstream, answering, streaming } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import type { Gateway } from '../support/gateway.ts';
import { WIRES } from '../support/upstream-bodies.ts';
import type { Saying } from '../support/upstream-bodies-other.ts';

const PROTOCOLS = ['openai-chat', 'openai-responses', 'openai-completions'] as const;
const TEXT: Saying = { text: ['Café ', '日本', ' 🦀\u2028', 'end'], usage: { input: 21, output: 8 } };
const CALL: Saying = {
  call: { id: 'call_abc', name: 'get_weather', args: ['{"city":', '"Zürich","id":2512292042121000001}'] },
};
const WORDS = TEXT.text?.join('');
const ARGS = CALL.call?.args.join('');
const TOOL = {
  type: 'function' as const,
  function: { name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
};

describe('the official npm client', () => {
  let upstream: FakeUpstream;
  let gateway: Gateway;
  let client: OpenAI;

  beforeAll(async () => {
    upstream = await FakeUpstream.start();
    gateway = await startGateway(matrixConfig(upstream));
    client = new OpenAI({ apiKey: 'any', baseURL: `${gateway.url}/v1`, maxRetries: 0 });
  });

  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });

  /** Lets the upstream say something, streamed and whole, and returns the model's name. */
  function says(protocol: (typeof PROTOCOLS)[number], saying: Saying, stream: boolean): string {
    const wire = WIRES[protocol];
    const play = stream
      ? streaming(wire.stream(saying), 7)
      : answering(200, { 'content-type': 'application/json' }, wire.whole(saying), 64);
    upstream.on('sdk', play);
    return `${PROVIDER[protocol]}/sdk`;
  }

  const messages = [{ role: 'user' as const, content: 'Hello.' }];

  test.each(PROTOCOLS)('chat over %s: create, create with stream, stream()', async (protocol) => {
    const whole = await client.chat.completions.create({ model: says(protocol, TEXT, false), messages });
    expect(whole.choices[0]?.message.content).toBe(WORDS);
    expect(whole.usage).toMatchObject({ prompt_tokens: 21, completion_tokens: 8, total_tokens: 29 });

    const model = says(protocol, TEXT, true);
    let text = '';
    let finish: string | null | undefined;
    for await (const chunk of await client.chat.completions.create({ model, messages, stream: true })) {
      text += chunk.choices[0]?.delta.content ?? '';
      finish = chunk.choices[0]?.finish_reason ?? finish;
    }
    expect([text, finish]).toEqual([WORDS, 'stop']);

    const runner = client.chat.completions.stream({ model, messages, stream_options: { include_usage: true } });
    const final = await runner.finalChatCompletion();
    expect(final.choices[0]?.message.content).toBe(WORDS);
    expect(final.usage).toMatchObject({ prompt_tokens: 21, completion_tokens: 8, total_tokens: 29 });
  });

  test.each(PROTOCOLS)('responses over %s: create, create with stream, stream()', async (protocol) => {
    const whole = await client.responses.create({ model: says(protocol, TEXT, false), input: 'Hello.' });
    expect([whole.output_text, whole.status]).toEqual([WORDS, 'completed']);
    expect(whole.usage).toMatchObject({ input_tokens: 21, output_tokens: 8, total_tokens: 29 });

    const model = says(protocol, TEXT, true);
    const kinds: string[] = [];
    let text = '';
    for await (const event of await client.responses.create({ model, input: 'Hello.', stream: true })) {
      kinds.push(event.type);
      if (event.type === 'response.output_text.delta') text += event.delta;
    }
    expect(text).toBe(WORDS);
    expect([kinds[0], kinds.at(-1)]).toEqual(['response.created', 'response.completed']);

    const final = await client.responses.stream({ model, input: 'Hello.' }).finalResponse();
    expect(final.output_text).toBe(WORDS);
    expect(final.usage).toMatchObject({ input_tokens: 21, output_tokens: 8, total_tokens: 29 });
  });

  test.each(PROTOCOLS)('completions over %s: create, create with stream', async (protocol) => {
    const whole = await client.completions.create({ model: says(protocol, TEXT, false), prompt: 'Hello.' });
    expect([whole.choices[0]?.text, whole.choices[0]?.finish_reason]).toEqual([WORDS, 'stop']);
    let text = '';
    for await (const chunk of await client.completions.create({
      model: says(protocol, TEXT, true),
      prompt: 'Hello.',
      stream: true,
    })) {
      text += chunk.choices[0]?.text ?? '';
    }
    expect(text).toBe(WORDS);
  });

  test.each(['openai-chat', 'openai-responses'] as const)(
    'CC-15 CC-16 tool calls over %s, in chat and responses',
    async (protocol) => {
      for (const streamed of [true, false]) {
        const model = says(protocol, CALL, streamed);
        const completion = streamed
          ? await client.chat.completions.stream({ model, messages, tools: [TOOL] }).finalChatCompletion()
          : await client.chat.completions.create({ model, messages, tools: [TOOL] });
        expect(completion.choices[0]?.finish_reason).toBe('tool_calls');
        expect(completion.choices[0]?.message.tool_calls).toMatchObject([
          { id: 'call_abc', function: { name: 'get_weather', arguments: ARGS } },
        ]);
        const tools = [
          { type: 'function' as const, name: 'get_weather', parameters: TOOL.function.parameters, strict: false },
        ];
        const response = streamed
          ? await client.responses.stream({ model, input: 'Hello.', tools }).finalResponse()
          : await client.responses.create({ model, input: 'Hello.', tools });
        expect(response.output).toMatchObject([
          { type: 'function_call', call_id: 'call_abc', name: 'get_weather', arguments: ARGS },
        ]);
      }
    },
  );

  test.each(PROTOCOLS)('OR-45 CC-26 an HTTP error of %s raises with its status and words', async (protocol) => {
    const body = JSON.stringify({
      error: { message: 'Too many requests.', type: 'rate_limit_error', param: null, code: 'rate_limit_exceeded' },
    });
    upstream.on('sdk', answering(429, { 'content-type': 'application/json', 'retry-after': '7' }, body));
    const model = `${PROVIDER[protocol]}/sdk`;
    for (const stream of [true, false]) {
      const refusal = { status: 429, code: 'rate_limit_exceeded' };
      await expect(client.chat.completions.create({ model, messages, stream })).rejects.toMatchObject(refusal);
      await expect(client.responses.create({ model, input: 'Hello.', stream })).rejects.toMatchObject(refusal);
      await expect(client.completions.create({ model, prompt: 'Hello.', stream })).rejects.toMatchObject(refusal);
    }
  });

  test.each(PROTOCOLS)('CC-25 OR-48 an answer of %s that breaks off raises in every reader', async (protocol) => {
    const whole = WIRES[protocol].stream({ text: ['one ', 'two ', 'three'] });
    upstream.on('sdk', streaming(whole.slice(0, whole.indexOf('three')), 64));
    const model = `${PROVIDER[protocol]}/sdk`;
    const drain = async (stream: AsyncIterable<unknown>): Promise<void> => {
      for await (const _event of stream);
    };
    await expect(client.chat.completions.create({ model, messages, stream: true }).then(drain)).rejects.toThrow(
      OpenAI.APIError,
    );
    await expect(client.completions.create({ model, prompt: 'Hello.', stream: true }).then(drain)).rejects.toThrow(
      OpenAI.APIError,
    );
    await expect(client.responses.create({ model, input: 'Hello.', stream: true }).then(drain)).rejects.toThrow(
      OpenAI.APIError,
    );
    await expect(client.chat.completions.stream({ model, messages }).finalChatCompletion()).rejects.toThrow(
      OpenAI.OpenAIError,
    );
    await expect(client.responses.stream({ model, input: 'Hello.' }).finalResponse()).rejects.toThrow(
      OpenAI.OpenAIError,
    );
    await expect(client.chat.completions.create({ model, messages })).rejects.toMatchObject({ status: 502 });
    await expect(client.responses.create({ model, input: 'Hello.' })).rejects.toMatchObject({ status: 502 });
  });
});
