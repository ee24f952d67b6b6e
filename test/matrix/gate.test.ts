import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FakeUpstream } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import type { Gateway } from '../support/gateway.ts';
import { RawExchange } from '../support/raw-client.ts';
import { formBody, toneWav } from '../support/sounds.ts';
import { TEXT_CLIENTS, TEXT_DIALECTS, pathOf } from '../support/text-requests.ts';
import { speechStream, stepsOf, textSteps, transcriptStream } from '../support/upstream-bodies.ts';
import { PROVIDER, TEXT_PROTOCOLS, matrixConfig } from './cells.ts';

const PIECES = ['first ', 'second ', 'third ', 'fourth '];
const JSON_TYPE = { 'content-type': 'application/json' };

const EVENTS: Readonly<Record<string, string>> = { 'content-type': 'text/event-stream' };

/** What an upstream sends, and where it waits. */
interface Gated {
  readonly steps: readonly (string | Uint8Array)[];
  readonly headers?: Readonly<Record<string, string>>;
}

describe('an upstream that holds each event until the client has seen the one before', () => {
  let upstream: FakeUpstream;
  let gateway: Gateway;

  beforeAll(async () => {
    upstream = await FakeUpstream.start();
    gateway = await startGateway(matrixConfig(upstream));
  });

  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });

  /** Plays the steps, each when the client has seen the mark of the one before; the client would wait for ever if anything were held back. */
  async function gated(
    { steps, headers = EVENTS }: Gated,
    marks: readonly string[],
    start: () => RawExchange,
  ): Promise<string> {
    const { promise: client, resolve } = Promise.withResolvers<RawExchange>();
    upstream.on('gate', async (reply) => {
      reply.head(200, headers);
      const exchange = await client;
      for (const [index, step] of steps.entries()) {
        await reply.write(step);
        const mark = marks[index];
        if (mark !== undefined) await exchange.until(mark);
      }
      reply.end();
    });
    resolve(start());
    const answer = await (await client).done;
    expect([answer.status, answer.end]).toEqual([200, 'clean']);
    return answer.body.toString();
  }

  const pairs = TEXT_PROTOCOLS.flatMap((protocol) => TEXT_DIALECTS.map((dialect) => [protocol, dialect] as const));

  test.each(pairs)('WD-02 OR-10 from %s, each reaches a client of %s at once', async (protocol, dialect) => {
    const model = `${PROVIDER[protocol]}/gate`;
    const body = JSON.stringify(TEXT_CLIENTS[dialect].request(model, true, true));
    const text = await gated(
      textSteps(protocol, PIECES),
      PIECES,
      () => new RawExchange(gateway.url, { path: pathOf(dialect, model, true), headers: JSON_TYPE, body }),
    );
    expect(text).toContain('fourth ');
  });

  test('SP-04 each piece of speech reaches its client at once', async () => {
    const sounds = PIECES.map((piece) => Buffer.from(piece));
    const marks = sounds.map((sound) => sound.toString('base64'));
    const body = JSON.stringify({ model: 'chat/gate', input: 'Hello.', voice: 'alloy', stream_format: 'sse' });
    const text = await gated(
      { steps: stepsOf(speechStream(sounds), marks) },
      marks,
      () => new RawExchange(gateway.url, { path: '/v1/audio/speech', headers: JSON_TYPE, body }),
    );
    expect(text).toContain('speech.audio.done');
  });

  test('TR-03 each piece of a transcript reaches its client at once', async () => {
    const form = formBody([
      ['model', 'chat/gate'],
      ['stream', 'true'],
      ['file', toneWav(0.1)],
    ]);
    const headers = { 'content-type': form.type };
    const listen = (): RawExchange =>
      new RawExchange(gateway.url, { path: '/v1/audio/transcriptions', headers, body: form.body });
    expect(await gated({ steps: stepsOf(transcriptStream(PIECES), PIECES) }, PIECES, listen)).toContain(
      'transcript.text.done',
    );
  });

  test('SP-02 the first bytes of a raw sound reach the client before the upstream sends the rest', async () => {
    const { promise: client, resolve } = Promise.withResolvers<RawExchange>();
    upstream.on('gate', async (reply) => {
      reply.head(200, { 'content-type': 'audio/mpeg' });
      await reply.write('x'.repeat(4095) + 'A');
      await (await client).until('xA');
      await reply.write('rest');
      reply.end();
    });
    const body = JSON.stringify({ model: 'chat/gate', input: 'Hello.', voice: 'alloy' });
    resolve(new RawExchange(gateway.url, { path: '/v1/audio/speech', headers: JSON_TYPE, body }));
    const answer = await (await client).done;
    expect([answer.end, answer.body.length]).toEqual(['clean', 4100]);
  });

  test('FM-02 a client that leaves aborts its upstream within a second', async () => {
    for (const dialect of TEXT_DIALECTS) {
      const client = TEXT_CLIENTS[dialect];
      upstream.on('leave', async (reply) => {
        reply.head(200, { 'content-type': 'text/event-stream' });
        await reply.write(textSteps('openai-chat', PIECES).steps[0] ?? '');
      });
      const seen = upstream.for('leave').length;
      const exchange = new RawExchange(gateway.url, {
        path: pathOf(dialect, 'chat/leave', true),
        headers: JSON_TYPE,
        body: JSON.stringify(client.request('chat/leave', true, false)),
      });
      await exchange.until('first ');
      exchange.socket.destroy();
      const abandoned = upstream.for('leave')[seen]?.abandoned.then(() => true);
      const late = new Promise<boolean>((resolve) => {
        setTimeout(resolve, 1000, false);
      });
      expect(await Promise.race([abandoned, late])).toBe(true);
    }
  });
});
