import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import type { Content } from '@google/genai';
import OpenAI from 'openai';
import type { ChatCompletionMessageParam } from 'openai/resources/chat/completions';
import type { ResponseInput } from 'openai/resources/responses/responses';
import { TOOLS } from '../support/brains/mind.ts';
import { CITY_SCHEMA } from './stage.ts';

/** A call that an official client read. */
export interface ReadCall {
  readonly id: string | undefined;
  readonly name: string;
  readonly input: unknown;
}

/** One answer as an official client read it. */
export interface Heard {
  readonly calls: readonly ReadCall[];
  readonly text: string;
}

/** A conversation held by an official client, which keeps what was said as its users do. */
export interface Talk {
  say(text: string): void;
  answer(calls: readonly ReadCall[], result: (name: string) => string): void;
  ask(gateway: string): Promise<Heard>;
}

/** Opens a conversation with a model, read whole or streamed. */
export type Open = (model: string, whole: boolean) => Talk;

const apiKey = 'any';
const maxRetries = 0;

function parsed(json: string): unknown {
  return JSON.parse(json);
}

const chat: Open = (model, whole) => {
  const messages: ChatCompletionMessageParam[] = [];
  return {
    say: (content) => void messages.push({ role: 'user', content }),
    answer(calls, result) {
      for (const { id = '', name } of calls) messages.push({ role: 'tool', tool_call_id: id, content: result(name) });
    },
    async ask(gateway) {
      const client = new OpenAI({ apiKey, baseURL: `${gateway}/openai/v1`, maxRetries });
      const tools = TOOLS.map((name) => ({ type: 'function' as const, function: { name, parameters: CITY_SCHEMA } }));
      const body = { model, messages, reasoning_effort: 'medium' as const, tools };
      const completion = whole
        ? await client.chat.completions.create(body)
        : await client.chat.completions.stream(body).finalChatCompletion();
      const message = completion.choices[0]?.message;
      const calls = (message?.tool_calls ?? []).filter((call) => call.type === 'function');
      // What the client's types have, and no more.
      messages.push({
        role: 'assistant',
        content: message?.content ?? null,
        ...(calls.length > 0 && { tool_calls: calls }),
      });
      return {
        calls: calls.map(({ id, function: { name, arguments: input } }) => ({ id, name, input: parsed(input) })),
        text: message?.content ?? '',
      };
    },
  };
};

const responses: Open = (model, whole) => {
  const input: ResponseInput = [];
  return {
    say: (content) => void input.push({ role: 'user', content }),
    answer(calls, result) {
      for (const { id = '', name } of calls)
        input.push({ type: 'function_call_output', call_id: id, output: result(name) });
    },
    async ask(gateway) {
      const client = new OpenAI({ apiKey, baseURL: `${gateway}/openai/v1`, maxRetries });
      const body = {
        model,
        input,
        store: false,
        include: ['reasoning.encrypted_content' as const],
        reasoning: { effort: 'medium' as const, summary: 'auto' as const },
        tools: TOOLS.map((name) => ({ type: 'function' as const, name, parameters: CITY_SCHEMA, strict: false })),
      };
      let output: OpenAI.Responses.ResponseOutputItem[] = [];
      if (whole) ({ output } = await client.responses.create(body));
      else
        for await (const event of await client.responses.create({ ...body, stream: true }))
          if (event.type === 'response.completed') ({ output } = event.response);
      input.push(...(output as ResponseInput));
      return {
        calls: output
          .filter((item) => item.type === 'function_call')
          .map((call) => ({ id: call.call_id, name: call.name, input: parsed(call.arguments) })),
        text: output
          .flatMap((item) => (item.type === 'message' ? item.content : []))
          .map((part) => (part.type === 'output_text' ? part.text : ''))
          .join(''),
      };
    },
  };
};

const messages: Open = (model, whole) => {
  const turns: Anthropic.MessageParam[] = [];
  return {
    say: (content) => void turns.push({ role: 'user', content }),
    answer(calls, result) {
      const content = calls.map(({ id = '', name }) => ({
        type: 'tool_result' as const,
        tool_use_id: id,
        content: result(name),
      }));
      turns.push({ role: 'user', content });
    },
    async ask(gateway) {
      const client = new Anthropic({ apiKey, baseURL: `${gateway}/anthropic`, maxRetries });
      const body = {
        model,
        max_tokens: 8000,
        messages: turns,
        thinking: { type: 'enabled' as const, budget_tokens: 2000 },
        tools: TOOLS.map((name) => ({ name, input_schema: CITY_SCHEMA })),
      };
      const { content } = whole
        ? await client.messages.create(body)
        : await client.messages.stream(body).finalMessage();
      turns.push({ role: 'assistant', content });
      return {
        calls: content.filter((block) => block.type === 'tool_use'),
        text: content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
      };
    },
  };
};

const gemini: Open = (model, whole) => {
  const contents: Content[] = [];
  return {
    say: (text) => void contents.push({ role: 'user', parts: [{ text }] }),
    answer(calls, result) {
      const parts = calls.map(({ id, name }) => ({
        functionResponse: { ...(id !== undefined && { id }), name, response: { output: result(name) } },
      }));
      contents.push({ role: 'user', parts });
    },
    async ask(gateway) {
      const client = new GoogleGenAI({ apiKey, httpOptions: { baseUrl: `${gateway}/gemini` } });
      const functionDeclarations = TOOLS.map((name) => ({ name, parametersJsonSchema: CITY_SCHEMA }));
      const body = {
        model,
        contents,
        config: {
          thinkingConfig: { includeThoughts: true, thinkingBudget: 2000 },
          tools: [{ functionDeclarations }],
        },
      };
      const chunks = whole ? [await client.models.generateContent(body)] : [];
      if (!whole) for await (const chunk of await client.models.generateContentStream(body)) chunks.push(chunk);
      const said = chunks.flatMap((chunk) => chunk.candidates?.[0]?.content ?? []);
      contents.push(...said);
      const parts = said.flatMap((content) => content.parts ?? []);
      return {
        calls: parts
          .flatMap(({ functionCall }) => functionCall ?? [])
          .map(({ id, name = '', args }) => ({ id, name, input: args })),
        text: parts.map((part) => (part.thought === true ? '' : (part.text ?? ''))).join(''),
      };
    },
  };
};

/** An official client of each format. */
export const TALKS: Readonly<Record<'chat' | 'responses' | 'messages' | 'gemini', Open>> = {
  chat,
  responses,
  messages,
  gemini,
};
