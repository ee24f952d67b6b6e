import { describe, expect, test } from 'vitest';
import { GatewayFailure } from '../../src/model/errors.ts';
import type { Block } from '../../src/model/block.ts';
import type { Turn } from '../../src/model/request.ts';
import { protocol } from '../../src/protocols/anthropic-messages/index.ts';
import { ask, to, write, turnsOf, says, call, result, shown, use, gave } from './anthropic-messages-bench.ts';

describe('the conversation', () => {
  test('system turns come first and apart; one in the middle is said by the user where the model knows no other way', () => {
    const messages = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'a' },
      { role: 'developer', content: 'Now loudly.' },
      { role: 'assistant', content: 'b' },
      { role: 'user', content: 'c' },
    ];
    expect(write({ messages }).body).toMatchObject({
      system: 'Be brief.',
      messages: [
        { role: 'user', content: [shown('a'), shown('Now loudly.')] },
        { role: 'assistant', content: [shown('b')] },
        { role: 'user', content: [shown('c')] },
      ],
    });
    expect(write({ messages }, to('claude-opus-5')).body['messages']).toMatchObject([
      { role: 'user', content: [shown('a')] },
      { role: 'system', content: [shown('Now loudly.')] },
      { role: 'assistant' },
      { role: 'user' },
    ]);
  });

  test('a conversation of system turns alone, or one that the assistant begins, begins with the user', () => {
    expect(write({ messages: [{ role: 'system', content: 'a' }] }).body).toMatchObject({
      messages: [{ role: 'user', content: [shown('a')] }],
    });
    expect(turnsOf([{ role: 'assistant', blocks: [says('a')] }])).toMatchObject([
      { role: 'user' },
      { role: 'assistant' },
    ]);
  });

  test('MS-15 neighbours of one role become one message, and results stand first in theirs', () => {
    expect(
      turnsOf([
        { role: 'user', blocks: [says('a')] },
        { role: 'user', blocks: [says('b')] },
        { role: 'assistant', blocks: [call('x'), call('y')] },
        { role: 'user', blocks: [says('c'), result('y')] },
        { role: 'user', blocks: [result('x'), says('d')] },
      ]),
    ).toEqual([
      { role: 'user', content: [shown('a'), shown('b')] },
      { role: 'assistant', content: [use('x'), use('y')] },
      { role: 'user', content: [gave('y'), gave('x'), shown('c'), shown('d')] },
    ]);
  });

  test('MS-15 a call that nobody answered gets a failed result, a result that nobody asked for becomes text', () => {
    expect(
      turnsOf([
        { role: 'user', blocks: [says('a')] },
        { role: 'assistant', blocks: [call('x')] },
        { role: 'user', blocks: [result('z', 'lost')] },
      ]),
    ).toMatchObject([
      {},
      { content: [use('x')] },
      {
        content: [
          { type: 'tool_result', tool_use_id: 'x', is_error: true },
          { type: 'text', text: 'Result of the tool call z:\nlost' },
        ],
      },
    ]);
  });

  test('empty text is dropped, and the white space at the end of an answer that is to be continued', () => {
    expect(
      turnsOf([
        { role: 'user', blocks: [says(''), says(' \n')] },
        { role: 'user', blocks: [says('a')] },
        { role: 'assistant', blocks: [says('It is ')] },
      ]),
    ).toEqual([
      { role: 'user', content: [shown('a')] },
      { role: 'assistant', content: [shown('It is')] },
    ]);
  });

  test('MS-05 FM-14 thinking goes back byte for byte under its own seal, and not at all without', () => {
    const own = (data: string) => ({ protocol: 'anthropic-messages', data }) as const;
    expect(
      turnsOf([
        { role: 'user', blocks: [says('a')] },
        {
          role: 'assistant',
          blocks: [
            { type: 'reasoning', text: ' why \n', seal: own('c2ln') },
            { type: 'reasoning', text: '', seal: own('redacted:aGlk') },
            { type: 'reasoning', text: '', seal: own('bGF0ZXI=') },
            { type: 'reasoning', text: 'unsigned' },
            { type: 'reasoning', text: 'of others', seal: { protocol: 'gemini', data: 'c2ln' } },
            says('b'),
          ],
        },
      ]),
    ).toMatchObject([
      {},
      {
        content: [
          { type: 'thinking', thinking: ' why \n', signature: 'c2ln' },
          { type: 'redacted_thinking', data: 'aGlk' },
          { type: 'thinking', thinking: '', signature: 'bGF0ZXI=' },
          shown('b'),
        ],
      },
    ]);
  });

  test('FM-13 FM-55 the input of a call is an object whose numbers are not rounded; free and broken text is put into one', () => {
    const inputs = ['{"id":2512292042121000001,"x":1.0}', '', '{"q"', '[1]'].map((input, index) =>
      call(`c${index}`, input),
    );
    const custom: Block = { type: 'tool-call', id: 'p', name: 'f', input: 'free', custom: true };
    const turns: Turn[] = [
      { role: 'user', blocks: [says('a')] },
      { role: 'assistant', blocks: [...inputs, custom] },
    ];
    const { body } = protocol.encodeRequest({ ...ask(), turns }, to());
    expect(String(body)).toContain('"input":{"id":2512292042121000001,"x":1.0}');
    expect(JSON.parse(String(body))).toMatchObject({
      messages: [
        {},
        {
          content: [
            {},
            { input: {} },
            { input: { input: '{"q"' } },
            { input: { input: '[1]' } },
            { input: { input: 'free' } },
          ],
        },
      ],
    });
  });

  test('ids that this format refuses are made fit, the same for a call and its result', () => {
    const turns: Turn[] = [
      { role: 'user', blocks: [says('a')] },
      { role: 'assistant', blocks: [call('call:1/2')] },
      { role: 'user', blocks: [result('call:1/2')] },
    ];
    expect(turnsOf(turns)).toMatchObject([{}, { content: [{ id: 'call_1_2' }] }, { content: [gave('call_1_2')] }]);
  });

  test('pictures and documents are written with their sources, also in results', () => {
    const picture: Block = { type: 'media', media: 'image', source: { type: 'base64', data: '/9j/4AAQ' } };
    const url: Block = { type: 'media', media: 'image', source: { type: 'url', url: 'https://example.com/a.png' } };
    const pdf: Block = {
      type: 'media',
      media: 'document',
      source: { type: 'base64', data: 'JVBERg==', mimeType: 'application/pdf' },
      name: 'law.pdf',
      cache: {},
    };
    const text: Block = {
      type: 'media',
      media: 'document',
      source: { type: 'base64', data: 'w4U=', mimeType: 'text/markdown' },
    };
    const shot: Block = { type: 'tool-result', id: 'x', output: [picture], failed: true };
    expect(
      turnsOf([
        { role: 'user', blocks: [picture, url, pdf, text] },
        { role: 'assistant', blocks: [call('x')] },
        { role: 'user', blocks: [shot] },
      ]),
    ).toMatchObject([
      {
        content: [
          { type: 'image', source: { type: 'base64', media_type: 'image/jpeg', data: '/9j/4AAQ' } },
          { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
          {
            type: 'document',
            title: 'law.pdf',
            source: { type: 'base64', media_type: 'application/pdf' },
            cache_control: { type: 'ephemeral' },
          },
          { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'Å' } },
        ],
      },
      {},
      { content: [{ tool_use_id: 'x', is_error: true, content: [{ type: 'image' }] }] },
    ]);
  });

  test.each<Block>([
    { type: 'media', media: 'audio', source: { type: 'base64', data: 'aGk=' }, format: 'wav' },
    { type: 'media', media: 'document', source: { type: 'base64', data: 'aGk=', mimeType: 'application/zip' } },
    { type: 'native', native: { protocol: 'openai-chat', value: {} } },
  ])('what cannot be left out without a change of meaning is refused: %o', (block) => {
    expect(() => turnsOf([{ role: 'user', blocks: [block] }])).toThrow(GatewayFailure);
    expect(() => write({ n: 2 })).toThrow(GatewayFailure);
  });
});
