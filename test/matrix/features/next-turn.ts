import type { Peek } from '../../support/peek.ts';
import type { TextDialect } from '../../support/text-requests.ts';
import type { Body } from './values.ts';
import { MARK, PLAIN, TOOLS } from './values.ts';

/** What the client of a dialect sends next: what it was told, as it keeps it, and the result of the call. */
export const NEXT: Readonly<Partial<Record<TextDialect, (answer: Peek) => Body>>> = {
  'openai-chat'(answer) {
    const message = answer.at('choices', 0, 'message');
    const calls = message.at('tool_calls').list.map((call) => ({ type: 'function', ...(call.value as Body) }));
    const { audio: _audio, annotations: _annotations, ...kept } = message.value as Body;
    const result = { role: 'tool', tool_call_id: calls[0] && new Map(Object.entries(calls[0])).get('id') };
    return {
      messages: [
        { role: 'user', content: PLAIN },
        { ...kept, role: 'assistant', tool_calls: calls },
        { ...result, content: MARK.result },
      ],
    };
  },
  'openai-responses'(answer) {
    const output = answer.at('output').list;
    const call = output.find((item) => item.at('type').value === 'function_call');
    return {
      input: [
        { type: 'message', role: 'user', content: PLAIN },
        ...output.map(({ value }) => value),
        { type: 'function_call_output', call_id: call?.at('call_id').value, output: MARK.result },
      ],
    };
  },
  'anthropic-messages'(answer) {
    const blocks = answer.at('content').list;
    const call = blocks.find((block) => block.at('type').value === 'tool_use');
    return {
      messages: [
        { role: 'user', content: PLAIN },
        { role: 'assistant', content: blocks.map(ofItsKind) },
        {
          role: 'user',
          content: [{ type: 'tool_result', tool_use_id: call?.at('id').value, content: MARK.result }],
        },
      ],
    };
  },
  gemini(answer) {
    const content = answer.at('candidates', 0, 'content');
    const call = content.at('parts').list.find((part) => part.at('functionCall').given);
    const response = { response: { output: MARK.result } };
    return {
      contents: [
        { role: 'user', parts: [{ text: PLAIN }] },
        { role: 'model', parts: content.at('parts').value },
        {
          role: 'user',
          parts: [{ functionResponse: { id: call?.at('functionCall', 'id').value, name: TOOLS[0].name, ...response } }],
        },
      ],
    };
  },
};

const KEYS: Readonly<Record<string, readonly string[]>> = {
  thinking: ['thinking', 'signature'],
  redacted_thinking: ['data'],
  tool_use: ['id', 'name', 'input'],
  text: ['text'],
};

// A folded stream has the keys of all kinds.
function ofItsKind(block: Peek): Body {
  const type = block.at('type').text;
  return { type, ...Object.fromEntries((KEYS[type] ?? []).map((key) => [key, block.at(key).value])) };
}
