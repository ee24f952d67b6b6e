import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FakeUpstream, streaming } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import type { Gateway } from '../support/gateway.ts';
import { Peek } from '../support/peek.ts';
import { exchange } from '../support/raw-client.ts';
import type { RawAnswer } from '../support/raw-client.ts';
import { TEXT_CLIENTS } from '../support/text-requests.ts';
import { WIRES } from '../support/upstream-bodies.ts';
import { matrixConfig } from './cells.ts';
import type { TextDialect } from '../support/text-requests.ts';

const DIALECTS: readonly TextDialect[] = ['openai-chat', 'openai-responses', 'openai-completions'];
const JSON_TYPE = { 'content-type': 'application/json' };

describe('what a gateway takes in', () => {
  let upstream: FakeUpstream;
  let gateway: Gateway;

  beforeAll(async () => {
    upstream = await FakeUpstream.start();
    gateway = await startGateway(matrixConfig(upstream));
    upstream.on('x', streaming(WIRES['openai-chat'].stream({ text: ['one'] })));
  });

  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });

  function send(
    dialect: TextDialect,
    body: Uint8Array | string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<RawAnswer> {
    return exchange(gateway.url, { path: TEXT_CLIENTS[dialect].path, headers: { ...JSON_TYPE, ...headers }, body });
  }

  function errorOf(answer: RawAnswer): Peek {
    return Peek.parse(answer.body.toString()).at('error');
  }

  function plain(dialect: TextDialect): string {
    return JSON.stringify(TEXT_CLIENTS[dialect].request('chat/x', true, false));
  }

  test.each(DIALECTS)('OR-01 %s takes JSON only, whatever its charset', async (dialect) => {
    const fine = await send(dialect, plain(dialect), { 'content-type': 'application/json; charset=utf-8' });
    expect(fine.status).toBe(200);
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      const answer = await send(dialect, plain(dialect), { 'content-type': type });
      expect([answer.status, errorOf(answer).at('code').text], type).toEqual([415, 'unsupported_media_type']);
    }
  });

  test.each(DIALECTS)('OR-02 %s reads one coding of a body, and refuses unknown and corrupt ones', async (dialect) => {
    const text = plain(dialect);
    const codings = {
      gzip: gzipSync(text),
      deflate: deflateSync(text),
      br: brotliCompressSync(text),
      zstd: zstdCompressSync(text),
    };
    for (const [coding, body] of Object.entries(codings)) {
      const answer = await send(dialect, body, { 'content-encoding': coding });
      expect(TEXT_CLIENTS[dialect].read(answer, true), coding).toMatchObject({ text: 'one', normalEnd: true });
    }
    expect((await send(dialect, text, { 'content-encoding': 'snappy' })).status).toBe(415);
    expect((await send(dialect, text, { 'content-encoding': 'gzip' })).status).toBe(400);
    expect((await send(dialect, gzipSync(gzipSync(text)), { 'content-encoding': 'gzip, gzip' })).status).toBe(415);
  });

  test('OR-02 a small body that unpacks beyond the limit is refused as too large', async () => {
    const bomb = gzipSync(`{"model":"chat/x","input":"${'a'.repeat(50 * 2 ** 20)}"}`);
    const answer = await send('openai-responses', bomb, { 'content-encoding': 'gzip' });
    expect([answer.status, errorOf(answer).at('code').text]).toEqual([413, 'request_too_large']);
  });

  test.each(DIALECTS)('OR-03 %s takes 40 MiB and no more', async (dialect) => {
    const client = TEXT_CLIENTS[dialect];
    const padded = (bytes: number): string => {
      const body = JSON.stringify({ ...client.request('chat/x', true, false), user: '' });
      return body.replace('"user":""', `"user":"${'a'.repeat(bytes - body.length)}"`);
    };
    const fits = await send(dialect, padded(40 * 2 ** 20));
    expect(fits.status).toBe(200);
    expect(upstream.received.at(-1)?.body.length).toBeGreaterThan(0);
    const large = await send(dialect, padded(40 * 2 ** 20 + 1));
    expect([large.status, errorOf(large).at('code').text]).toEqual([413, 'request_too_large']);
  });

  test.each(DIALECTS)(
    'CC-26 OR-42 %s refuses wrong JSON and wrong types with the path of the field',
    async (dialect) => {
      const broken = await send(dialect, '{"model":');
      expect([broken.status, errorOf(broken).at('code').text]).toEqual([400, 'invalid_json']);
      const wrong = await send(
        dialect,
        JSON.stringify({ ...TEXT_CLIENTS[dialect].request('chat/x', true, false), stream: 'yes' }),
      );
      expect([wrong.status, errorOf(wrong).at('param').text]).toEqual([400, 'stream']);
      const deep = await send(
        dialect,
        `{"model":"chat/x","stream":false,"metadata":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
      );
      expect(deep.status).toBe(400);
    },
  );
});
