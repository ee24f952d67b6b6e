import { expect, test } from 'vitest';
import type { JsonObject } from '../../../src/model/json.ts';
import { FEATURES, crossing } from '../../../src/protocols/fidelity.ts';
import type { Feature, Support } from '../../../src/protocols/fidelity.ts';
import { dialect as chat } from '../../../src/protocols/openai-chat/index.ts';
import { PROTOCOLS } from '../../../src/protocols/index.ts';
import { target } from '../../protocols/exchange.ts';
import { expectSection } from '../../support/doc-section.ts';
import { Peek } from '../../support/peek.ts';
import { TEXT_CLIENTS, TEXT_DIALECTS } from '../../support/text-requests.ts';
import { TEXT_PROTOCOLS } from '../cells.ts';
import type { TextProtocol } from '../cells.ts';
import { DIALECTS_OF_TEXT, PROTOCOLS_OF_TEXT } from './declared.ts';

/** Remarks below a table, each once. */
class Notes {
  readonly #notes: string[] = [];

  mark(note: string): string {
    const at = this.#notes.indexOf(note);
    return `(${at >= 0 ? at + 1 : this.#notes.push(note)})`;
  }

  get lines(): readonly string[] {
    return this.#notes.map((note, index) => `${index + 1}. ${note}`);
  }
}

function cell(support: Support, notes: Notes): string {
  if (typeof support === 'string') return support;
  if ('refused' in support) return `refused: \`${support.refused}\``;
  return 'lost' in support ? `lost ${notes.mark(support.lost)}` : `mapped ${notes.mark(support.mapped)}`;
}

function tableOf(protocol: TextProtocol): readonly string[] {
  const notes = new Notes();
  const rows = (Object.keys(FEATURES) as Feature[]).map((feature) => {
    const cells = TEXT_DIALECTS.map((dialect) => {
      const halves = [DIALECTS_OF_TEXT[dialect], PROTOCOLS_OF_TEXT[protocol]] as const;
      return cell(crossing(feature, ...halves, protocol === dialect), notes);
    });
    expect(cells.filter((text) => text.trim() === '')).toEqual([]);
    return `| ${feature.replaceAll('-', ' ')} | ${FEATURES[feature]} | ${cells.join(' | ')} |`;
  });
  return [
    `### An upstream of \`${protocol}\``,
    '',
    `| feature | way | ${TEXT_DIALECTS.map((dialect) => `\`${pathWithoutModel(TEXT_CLIENTS[dialect].path)}\``).join(' | ')} |`,
    `| --- | --- | ${TEXT_DIALECTS.map(() => '---').join(' | ')} |`,
    ...rows,
    '',
    ...notes.lines,
    '',
  ];
}

function pathWithoutModel(path: string): string {
  return path.replace('/v1beta/models/{model}', '…');
}

test('the table of what crosses is current, and has no blank cell', () => {
  const lines = TEXT_PROTOCOLS.flatMap(tableOf);
  expectSection('docs/fidelity.md', 'features', lines.slice(0, -1));
});

/** A target, by a name that says what it takes, and where in its requests the thinking stands. */
const THINKERS: readonly (readonly [
  name: string,
  protocol: TextProtocol,
  model: string,
  find: (body: Peek) => unknown,
])[] = [
  ['chat', 'openai-chat', 'm', (body) => body.at('reasoning_effort').value],
  ['responses', 'openai-responses', 'm', (body) => body.at('reasoning', 'effort').value],
  ['Claude to 4.5', 'anthropic-messages', 'claude-sonnet-4-5', (body) => body.at('thinking', 'budget_tokens').value],
  ['Claude from 4.6', 'anthropic-messages', 'claude-opus-4-6', (body) => body.at('output_config', 'effort').value],
  ['Gemini 2.5', 'gemini', 'gemini-2.5-flash', (body) => thinkingIn(body).at('thinkingBudget').value],
  ['Gemini 3', 'gemini', 'gemini-3-flash', (body) => levelOf(thinkingIn(body))],
  [
    'Nova 2',
    'bedrock-converse',
    'amazon.nova-2-lite-v1',
    (body) => body.at('additionalModelRequestFields', 'reasoningConfig', 'maxReasoningEffort').value,
  ],
];

function thinkingIn(body: Peek): Peek {
  return body.at('generationConfig', 'thinkingConfig');
}

function levelOf(thinking: Peek): unknown {
  return thinking.at('thinkingLevel').value ?? thinking.at('thinkingBudget').value;
}

const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'];
const BUDGETS = [1024, 2048, 4096, 8192, 16_384, 32_768];

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function asks(asked: JsonObject): string {
  const decoded = chat.decodeRequest({ model: 'm', messages: [{ role: 'user', content: 'Hi' }], ...asked });
  if (decoded.task !== 'generation') throw new Error('no request for text');
  // As it comes from a client of none of these formats.
  const request = { ...decoded, native: { protocol: 'ai-sdk', value: {} } } as const;
  const cells = THINKERS.map(([, protocol, model, find]) => {
    const { body, lost = [] } = PROTOCOLS[protocol].encodeRequest(request, { ...target(), model });
    const found = find(Peek.parse(String(body)));
    return found === undefined ? (lost.length > 0 ? 'lost' : '–') : `\`${asText(found)}\``;
  });
  return cells.join(' | ');
}

test('the table of efforts and budgets is what the codecs make of them', () => {
  expectSection('docs/fidelity.md', 'efforts', [
    `| asked | ${THINKERS.map(([name]) => name).join(' | ')} |`,
    `| --- | ${THINKERS.map(() => '---').join(' | ')} |`,
    ...EFFORTS.map((effort) => `| effort \`${effort}\` | ${asks({ reasoning_effort: effort })} |`),
    ...BUDGETS.map((budget) => `| ${budget} tokens | ${asks({ reasoning: { max_tokens: budget } })} |`),
  ]);
});
