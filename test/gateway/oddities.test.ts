import { describe, expect, test } from 'vitest';
import { answering, streaming } from '../support/fake-upstream.ts';
import type { Play } from '../support/fake-upstream.ts';
import { TEXT_CLIENTS } from '../support/text-requests.ts';
import { WIRES } from '../support/upstream-bodies.ts';
import { FORMATS, openStage } from './stage.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

describe('a refusal that is not whole is one all the same', () => {
  const cases: readonly (readonly [string, Play])[] = [
    ['never ends', (reply) => reply.write('{"error":')],
    [
      'breaks off',
      async (reply) => {
        await reply.write('{"error":');
        reply.reset();
      },
    ],
    [
      'has no bounds',
      async (reply, request) => {
        for (let sent = 0; sent < 60; sent += 1)
          await Promise.race([reply.write('x'.repeat(1_000_000)), request.abandoned]);
      },
    ],
  ];
  test.each(cases)('OR-46 its body %s', async (_, rest) => {
    const stage = await openStage({ provider: ['timeout: 300ms'] });
    stage.upstream.on('m', (reply, request) => {
      reply.head(429, { ...JSON_TYPE, 'retry-after': '3' });
      return rest(reply, request);
    });
    for (const dialect of FORMATS) {
      const answer = await stage.ask(dialect, 'openai-chat/m').done;
      expect([answer.status, answer.headers['retry-after']]).toEqual([429, '3']);
    }
    await Promise.all(stage.upstream.received.map(({ abandoned }) => abandoned));
  });

  test('UP-07 an answer in a coding that nobody reads is not read to its end', async () => {
    const stage = await openStage();
    stage.upstream.on('m', async (reply) => {
      reply.head(200, { 'content-type': 'text/event-stream', 'content-encoding': 'snappy' });
      await reply.write('xx');
    });
    expect((await stage.ask('openai-chat', 'openai-chat/m').done).status).toBe(502);
    await stage.upstream.received[0]?.abandoned;
  });
});

describe('what an upstream may do and still be understood', () => {
  test.each(['gzip', 'deflate', 'br', 'zstd'] as const)(
    'UP-07 an answer in %s, although identity was asked, is read event by event',
    async (coding) => {
      const zlib = await import('node:zlib');
      const makers = {
        gzip: zlib.createGzip,
        deflate: zlib.createDeflate,
        br: zlib.createBrotliCompress,
        zstd: zlib.createZstdCompress,
      };
      const stage = await openStage();
      const held = Promise.withResolvers<void>();
      stage.upstream.on('m', async (reply) => {
        reply.head(200, { 'content-type': 'text/event-stream', 'content-encoding': coding });
        const coder = makers[coding]();
        coder.on('data', (chunk: Buffer) => void reply.write(chunk));
        const [first = '', ...rest] = WIRES['openai-chat']
          .stream({ text: ['one ', 'two'] })
          .split(/(?<="one "[^\n]*\n\n)/);
        coder.write(first);
        coder.flush();
        await held.promise;
        coder.once('end', () => reply.end());
        coder.end(rest.join(''));
      });
      const exchange = stage.ask('openai-chat', 'openai-chat/m');
      await exchange.until('one ');
      held.resolve();
      const answer = await exchange.done;
      expect(TEXT_CLIENTS['openai-chat'].read(answer, true)).toMatchObject({ text: 'one two' });
      expect(answer.headers['content-encoding']).toBeUndefined();
      expect(stage.upstream.received[0]?.headers['accept-encoding']).toBe('identity');
    },
  );

  test('CC-10 a target that refuses stream_options is asked again without it, and is remembered', async () => {
    const stage = await openStage({ provider: ['capabilities: {stream_usage: true}'] });
    stage.upstream.on('m', (reply, request) => {
      const refused = request.body.includes('stream_options');
      const play = refused
        ? answering(400, JSON_TYPE, '{"error":{"message":"Unknown field: stream_options"}}')
        : streaming(WIRES['openai-chat'].stream({ text: ['ok'] }));
      return play(reply, request);
    });
    for (const dialect of FORMATS) expect((await stage.ask(dialect, 'openai-chat/m').done).status).toBe(200);
    expect(stage.upstream.received.map(({ body }) => body.includes('stream_options'))).toEqual([
      true,
      false,
      false,
      false,
    ]);
    const attempts = (await stage.records(3)).map((record) => record.at('attempts').value);
    expect(attempts).toEqual([2, 1, 1]);
  });

  test('U47 a kept connection that the upstream closed meanwhile costs one free try; one that breaks every time is not tried for ever', async () => {
    const stage = await openStage();
    let calls = 0;
    stage.upstream.on('once', (reply, request) =>
      calls++ === 1 ? reply.reset() : streaming(WIRES['openai-chat'].stream({ text: ['ok'] }))(reply, request),
    );
    expect((await stage.ask('openai-chat', 'openai-chat/once').done).status).toBe(200);
    expect((await stage.ask('openai-chat', 'openai-chat/once').done).status).toBe(200);
    expect(stage.upstream.for('once')).toHaveLength(3);
    stage.upstream.on('always', (reply) => reply.reset());
    expect((await stage.ask('openai-chat', 'openai-chat/always').done).status).toBe(502);
    expect(stage.upstream.for('always')).toHaveLength(2);
  });

  test('a request that broke a connection made for it is not sent again: the upstream may have answered it', async () => {
    const stage = await openStage();
    stage.upstream.on('fresh', (reply) => reply.reset());
    expect((await stage.ask('openai-chat', 'openai-chat/fresh').done).status).toBe(502);
    expect(stage.upstream.for('fresh')).toHaveLength(1);
  });
});
