import { describe, expect, test } from 'vitest';
import type { Block } from '../../src/model/block.ts';
import type { Turn } from '../../src/model/request.ts';
import { protocol } from '../../src/protocols/gemini/index.ts';
import { BASE, call, contents, heard, model, refused, result, said, USER, write } from './gemini-asked.ts';
import { streamedFrom } from './gemini-bench.ts';

describe('a conversation of another format', () => {
  test('roles alternate, instructions are one', () => {
    const turns: Turn[] = [
      { role: 'system', blocks: [{ type: 'text', text: 'S' }] },
      USER,
      { role: 'developer', blocks: [{ type: 'text', text: 'D' }] },
      USER,
      said({ type: 'text', text: 'yes' }, { type: 'refusal', text: 'no' }),
      said(),
      USER,
    ];
    const { body } = write({ turns });
    expect(body.at('systemInstruction').value).toEqual({ parts: [{ text: 'S' }, { text: 'D' }] });
    expect(body.at('contents').value).toEqual([
      { role: 'user', parts: [{ text: 'hi' }, { text: 'hi' }] },
      { role: 'model', parts: [{ text: 'yes' }, { text: 'no' }] },
      { role: 'user', parts: [{ text: 'hi' }] },
    ]);
    expect(contents([{ role: 'system', blocks: [{ type: 'text', text: 'S' }] }])).toEqual([
      { role: 'user', parts: [{ text: 'S' }] },
    ]);
  });

  test('FM-49 results are named for their calls and stand in the order of the calls, before what else is said', () => {
    const turns = [
      said(call('a', 'one', '{"n":2512292042121000001}'), call('b', 'two')),
      heard({ type: 'text', text: 'and?' }, result('b', 'plain')),
      heard(result('a', '{"x":1.0}')),
    ];
    const text = String(protocol.encodeRequest({ ...BASE, turns }, model('m')).body);
    const calls =
      '{"functionCall":{"name":"one","args":{"n":2512292042121000001}}},{"functionCall":{"name":"two","args":{}}}';
    const results =
      '{"functionResponse":{"name":"one","response":{"x":1.0}}},{"functionResponse":{"name":"two","response":{"output":"plain"}}}';
    expect(text).toBe(
      `{"contents":[{"role":"model","parts":[${calls}]},{"role":"user","parts":[${results},{"text":"and?"}]}]}`,
    );
  });

  test('FM-49 FM-15 the id that an upstream gave a call is echoed, one that it did not give is not', () => {
    const { blocks } = {
      blocks: streamedFrom('thoughts-and-calls').flatMap((event) =>
        event.type === 'block-start' && event.block.type === 'tool-call' ? [event.block] : [],
      ),
    };
    const turns = [
      said(...blocks.map(({ id, name }) => call(id, name))),
      heard(...blocks.map(({ id }) => result(id, 'ok'))),
    ];
    const ids = [0, 1].map((turn) =>
      write({ turns })
        .body.at('contents', turn, 'parts')
        .list.map((part) => part.at(turn === 0 ? 'functionCall' : 'functionResponse').at('id').value),
    );
    expect(ids).toEqual([
      ['x9', undefined, undefined],
      ['x9', undefined, undefined],
    ]);
    expect(JSON.stringify(contents([said(call('toolu_1')), heard(result('toolu_1', 'ok'))]))).not.toContain('toolu_1');
  });

  test('FM-15 seals go back byte-exact on the very part they came with, and only to their makers', () => {
    const seal = (data: string, other = false) => ({
      protocol: other ? ('openai-responses' as const) : ('gemini' as const),
      data,
    });
    const turn = (other: boolean): Turn =>
      said(
        { type: 'reasoning', text: 'hm', seal: seal('A+/=', other) },
        { type: 'text', text: 'x', seal: seal('B', other) },
        { ...(call('c') as Extract<Block, { type: 'tool-call' }>), seal: seal('C', other) },
        call('d'),
        { type: 'reasoning', text: '', seal: seal('D', other) },
        { type: 'reasoning', text: 'unsigned' },
      );
    const f = { functionCall: { name: 'f', args: {} } };
    expect(contents([turn(false)])).toEqual([
      {
        role: 'model',
        parts: [
          { text: 'hm', thought: true, thoughtSignature: 'A+/=' },
          { text: 'x', thoughtSignature: 'B' },
          { ...f, thoughtSignature: 'C' },
          f,
          { text: '', thoughtSignature: 'D' },
        ],
      },
    ]);
    expect(contents([turn(true)])).toEqual([{ role: 'model', parts: [{ text: 'x' }, f, f] }]);
  });

  test('FM-15 the calls of another model are marked as such for models that demand signatures, once for each step', () => {
    const turns = [said(call('a'), call('b')), heard(result('a', '1'), result('b', '2')), said(call('c'))];
    const marks = (name: string): unknown[] =>
      write({ turns }, model(name))
        .body.at('contents')
        .list.flatMap((content) => content.at('parts').list.map((part) => part.at('thoughtSignature').given));
    expect(marks('gemini-3.1-pro-preview')).toEqual([true, false, false, false, true]);
    expect(marks('gemini-2.5-pro')).toEqual([false, false, false, false, false]);
  });

  test('media goes inline or by address, with its type', () => {
    const media = (more: Partial<Extract<Block, { type: 'media' }>>): Block => ({
      type: 'media',
      media: 'image',
      source: { type: 'base64', data: 'QQ==' },
      ...more,
    });
    const [content] = contents([
      heard(
        media({}),
        media({ media: 'audio', format: 'mp3' }),
        media({ media: 'document', source: { type: 'base64', data: 'QQ==', mimeType: 'text/plain' }, name: 'n.txt' }),
        media({ source: { type: 'url', url: 'https://x/y.jpg?z' } }),
        media({ media: 'video', source: { type: 'url', url: 'https://x/film' }, format: 'mp4' }),
      ),
    ]) as { parts: unknown[] }[];
    expect(content?.parts).toEqual([
      { inlineData: { mimeType: 'image/png', data: 'QQ==' } },
      { inlineData: { mimeType: 'audio/mp3', data: 'QQ==' } },
      { inlineData: { mimeType: 'text/plain', data: 'QQ==', displayName: 'n.txt' } },
      { fileData: { mimeType: 'image/jpeg', fileUri: 'https://x/y.jpg?z' } },
      { fileData: { mimeType: 'video/mp4', fileUri: 'https://x/film' } },
    ]);
    expect(refused(() => contents([heard(media({ source: { type: 'file', id: 'file-1' } }))]))).toBe(
      'unsupported_parameter',
    );
  });

  test('a result’s failure and pictures are told, inside it where the model can see them', () => {
    const output: Block[] = [
      { type: 'text', text: 'boom' },
      { type: 'media', media: 'image', source: { type: 'base64', data: 'QQ==', mimeType: 'image/png' } },
    ];
    const turns = [said(call('a')), heard({ type: 'tool-result', id: 'a', output, failed: true })];
    const picture = { inlineData: { mimeType: 'image/png', data: 'QQ==' } };
    const response = { name: 'f', response: { error: 'boom' } };
    const parts = (name: string): unknown => write({ turns }, model(name)).body.at('contents', 1, 'parts').value;
    expect(parts('gemini-2.5-pro')).toEqual([{ functionResponse: response }, picture]);
    expect(parts('gemini-3-pro')).toEqual([{ functionResponse: { ...response, parts: [picture] } }]);
  });
});
