import OpenAI from 'openai';
import type { ChatCompletionMessageParam } from 'openai/resources/chat/completions';
import type { ResponseCreateParamsBase, ResponseInput } from 'openai/resources/responses/responses';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TOOL } from '../support/brains/mind.ts';
import { CELLS, CITY_SCHEMA, QUESTION, Stage, expectTalk, modelAt } from './stage.ts';
import { Peek } from '../support/peek.ts';

type Answer = OpenAI.Responses.Response;

describe('npm openai converses with a tool', () => {
  let stage: Stage;
  let client: OpenAI;

  beforeAll(async () => {
    stage = await Stage.start();
    client = new OpenAI({ apiKey: 'any', baseURL: `${stage.gateway.url}/openai/v1`, maxRetries: 0 });
  });
  beforeEach(() => {
    stage.clear();
  });
  afterAll(() => stage.close());

  test.each(CELLS)('in chat over $upstream, $how', async ({ upstream, how }) => {
    const messages: ChatCompletionMessageParam[] = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: QUESTION },
    ];
    const ask = async (): Promise<{ completion: OpenAI.Chat.ChatCompletion; thoughts: string }> => {
      const body = {
        model: modelAt(upstream, 'chat'),
        messages,
        reasoning_effort: 'medium' as const,
        tools: [{ type: 'function' as const, function: { name: TOOL.name, parameters: CITY_SCHEMA } }],
      };
      if (how === 'whole') {
        const completion = await client.chat.completions.create(body);
        return { completion, thoughts: thoughtsIn(completion.choices[0]?.message) };
      }
      let thoughts = '';
      const stream = client.chat.completions.stream({ ...body, stream_options: { include_usage: true } });
      stream.on('chunk', ({ choices }) => {
        thoughts += thoughtsIn(choices[0]?.delta);
      });
      return { completion: await stream.finalChatCompletion(), thoughts };
    };
    const { completion: first, thoughts } = await ask();
    const [choice] = first.choices;
    expect(choice?.finish_reason).toBe('tool_calls');
    const calls = choice?.message.tool_calls ?? [];
    // Clients of this format know no thoughts: what they send back is what their types have.
    messages.push({ role: 'assistant', content: choice?.message.content ?? null, tool_calls: calls });
    for (const call of calls) messages.push({ role: 'tool', tool_call_id: call.id, content: TOOL.result });
    const { completion: second } = await ask();
    expectTalk(stage.brain(upstream), {
      calls: calls.map((call) => call.type === 'function' && (JSON.parse(call.function.arguments) as unknown)),
      text: second.choices[0]?.message.content ?? '',
      // Whoever says how much is to be thought has not asked to be told of it, which costs extra where it has to be asked for.
      ...(upstream !== 'responses' && { thoughts }),
      total: first.usage?.total_tokens,
    });
  });

  test.each(CELLS)('with its tool runner in chat over $upstream, $how', async ({ upstream, how }) => {
    const calls: unknown[] = [];
    const body = {
      model: modelAt(upstream, 'chat'),
      messages: [{ role: 'user' as const, content: QUESTION }],
      reasoning_effort: 'medium' as const,
      tools: [
        {
          type: 'function' as const,
          function: {
            name: TOOL.name,
            description: TOOL.description,
            parameters: CITY_SCHEMA,
            parse: JSON.parse as (text: string) => object,
            function: (input: object): string => {
              calls.push(input);
              return TOOL.result;
            },
          },
        },
      ],
    };
    const runner =
      how === 'whole'
        ? client.chat.completions.runTools(body)
        : client.chat.completions.runTools({ ...body, stream: true });
    expectTalk(stage.brain(upstream), { text: (await runner.finalContent()) ?? '', calls });
  });

  test.each(CELLS)('in responses, nothing stored, over $upstream, $how', async ({ upstream, how }) => {
    const input: ResponseInput = [{ role: 'user', content: QUESTION }];
    const ask = async (): Promise<Answer> => {
      const body = {
        model: modelAt(upstream, 'responses'),
        instructions: 'Be brief.',
        input,
        store: false,
        include: ['reasoning.encrypted_content' as const],
        reasoning: { effort: 'medium' as const, summary: 'auto' as const },
        tools: [{ type: 'function' as const, name: TOOL.name, parameters: CITY_SCHEMA, strict: false }],
      };
      if (how === 'whole') return client.responses.create(body);
      // What `stream()` collects has fields of the client's own, which no server takes back.
      for await (const event of await client.responses.create({ ...body, stream: true }))
        if (event.type === 'response.completed') return event.response;
      throw new Error('The stream has no end.');
    };
    const first = await ask();
    input.push(...(first.output as ResponseInput));
    const calls = first.output.filter((item) => item.type === 'function_call');
    for (const { call_id } of calls) input.push({ type: 'function_call_output', call_id, output: TOOL.result });
    const second = await ask();
    expectTalk(stage.brain(upstream), {
      calls: calls.map((call) => JSON.parse(call.arguments) as unknown),
      text: textOf(second),
      thoughts: summaryOf(first),
      total: first.usage?.total_tokens,
    });
  });

  test.each(CELLS)(
    'in responses, each going on from the one before, over $upstream, $how',
    async ({ upstream, how }) => {
      const ask = async (more: Pick<ResponseCreateParamsBase, 'input' | 'previous_response_id'>): Promise<Answer> => {
        const body = {
          model: modelAt(upstream, 'responses'),
          reasoning: { effort: 'medium' as const, summary: 'auto' as const },
          tools: [{ type: 'function' as const, name: TOOL.name, parameters: CITY_SCHEMA, strict: false }],
          ...more,
        };
        return how === 'whole' ? client.responses.create(body) : client.responses.stream(body).finalResponse();
      };
      const first = await ask({ input: QUESTION });
      const calls = first.output.filter((item) => item.type === 'function_call');
      const results = calls.map(({ call_id }) => ({
        type: 'function_call_output' as const,
        call_id,
        output: TOOL.result,
      }));
      const second = await ask({ input: results, previous_response_id: first.id });
      expectTalk(stage.brain(upstream), {
        calls: calls.map((call) => JSON.parse(call.arguments) as unknown),
        text: textOf(second),
        thoughts: summaryOf(first),
      });
    },
  );
});

// `output_text` is a field of the client's own, which only whole answers have.
function textOf({ output }: Answer): string {
  return output
    .flatMap((item) => (item.type === 'message' ? item.content : []))
    .map((part) => (part.type === 'output_text' ? part.text : ''))
    .join('');
}

function summaryOf({ output }: Answer): string {
  return output
    .filter((item) => item.type === 'reasoning')
    .flatMap((item) => [...item.summary, ...(item.content ?? [])])
    .map((part) => part.text)
    .join('');
}

// A field that the client's types do not have.
function thoughtsIn(message: object | undefined): string {
  return new Peek(message).at('reasoning_content').text;
}
