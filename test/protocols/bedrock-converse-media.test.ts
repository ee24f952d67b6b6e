import { describe, expect, test } from 'vitest';
import type { Block } from '../../src/model/block.ts';
import type { Generation } from '../../src/model/request.ts';
import { generation, refusalOf, sent, text, user } from './bedrock-converse-asked.ts';

describe('pictures, sounds, films and documents', () => {
  const data = Buffer.from('x').toString('base64');
  const media = (kind: 'image' | 'audio' | 'video' | 'document', more: object = {}): Block => ({
    type: 'media',
    media: kind,
    source: { type: 'base64', data },
    ...more,
  });
  const mime = (mimeType: string): object => ({ source: { type: 'base64', data, mimeType } });
  const contentOf = (...blocks: readonly Block[]): readonly unknown[] => {
    const [message] = sent(generation({ turns: [user(...blocks)] })).body['messages'] as readonly {
      readonly content: readonly unknown[];
    }[];
    return message?.content ?? [];
  };

  test.each([
    [media('image', mime('image/jpeg')), { image: { format: 'jpeg' } }],
    [media('image', mime('image/jpg')), { image: { format: 'jpeg' } }],
    [media('image', { source: { type: 'base64', data: '/9j/4AAQ' } }), { image: { format: 'jpeg' } }],
    [media('image'), { image: { format: 'png', source: { bytes: data } } }],
    [media('audio', { format: 'wav' }), { audio: { format: 'wav', source: { bytes: data } } }],
    [media('audio', mime('audio/mpeg')), { audio: { format: 'mpeg' } }],
    [media('video', mime('video/quicktime')), { video: { format: 'mov' } }],
    [media('document'), { document: { format: 'pdf', name: 'document' } }],
    [media('document', mime('text/markdown')), { document: { format: 'md' } }],
    [media('document', mime('application/json')), { document: { format: 'txt' } }],
    [
      media('image', { source: { type: 'url', url: 's3://bucket/a.webp' } }),
      { image: { format: 'webp', source: { s3Location: { uri: 's3://bucket/a.webp' } } } },
    ],
  ])('%j is %j', (block, written) => {
    expect(contentOf(text('see'), block)[1]).toMatchObject(written);
  });

  test('names of documents have allowed characters and are each another; a text stands beside', () => {
    const named = (name: string): Block => media('document', { name });
    const content = contentOf(
      named('Résumé: #1, final.pdf'),
      named('a.pdf'),
      named('a.txt'),
      named('分'),
      named(''),
      named('x'.repeat(300)),
    );
    const names = content.flatMap((block) => (block as { document?: { name: string } }).document?.name ?? []);
    expect(names.slice(0, 5)).toEqual(['R sum 1 final', 'a', 'a 2', 'document', 'document 2']);
    for (const name of names) expect(name).toMatch(/^(?!.*\s\s)[a-zA-Z0-9\s()[\]-]{1,200}$/);
    expect(content.at(-1)).toEqual({ text: 'See the document.' });
  });

  test.each([
    [media('image', { source: { type: 'url', url: 'https://example.com/a.png' } }), /does not fetch/],
    [media('image', { source: { type: 'file', id: 'file-1' } }), /file id/],
    [media('image', mime('image/tiff')), /format 'tiff'/],
    [media('document', mime('application/zip')), /format 'zip'/],
  ])('%j is refused', (block, message) => {
    const error = refusalOf(generation({ turns: [user(block)] }));
    expect(error).toMatchObject({ kind: 'invalid_request', code: 'unsupported_parameter' });
    expect(error.message).toMatch(message);
  });

  test("results of tools hold pictures, and no sounds; a model's own pictures have no place", () => {
    const turns = (block: Block): Generation['turns'] => [
      user(text('go')),
      { role: 'assistant', blocks: [{ type: 'tool-call', id: 'a', name: 'f', input: '' }, media('image')] },
      user({ type: 'tool-result', id: 'a', output: [text('see'), block], failed: false }),
    ];
    const written = sent(generation({ turns: turns(media('image')) }));
    expect(written.text).toContain(
      `"content":[{"text":"see"},{"image":{"format":"png","source":{"bytes":"${data}"}}}]`,
    );
    expect(written.lost).toEqual(['assistant_media']);
    expect(refusalOf(generation({ turns: turns(media('audio', { format: 'wav' })) })).message).toMatch(/no sound/);
  });
});
