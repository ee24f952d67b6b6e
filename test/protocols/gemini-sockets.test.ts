import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answering, FakeUpstream, replaying, streaming } from '../support/fake-upstream.ts';
import type { Play } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import type { Gateway } from '../support/gateway.ts';
import { Peek } from '../support/peek.ts';
import { postJson } from '../support/raw-client.ts';
import type { RawAnswer } from '../support/raw-client.ts';
import { readChoiceStream, readWholeChoices } from '../support/read-chat.ts';
import { readContentEvents, readContentList, readWholeContent } from '../support/read-gemini.ts';
import { readMessageStream } from '../support/read-messages.ts';
import { readResponseStream } from '../support/read-responses.ts';
import { answersOf, haveRecordings } from '../support/recordings.ts';
import type { Told } from '../support/told.ts';
import { fixture } from './exchange.ts';

const messages = [{ role: 'user', content: 'hi' }];
const contents = [{ role: 'user', parts: [{ text: 'hi' }] }];
const at = (operation: string): string => `/v1beta/models/gem/maker/m:${operation}`;

/** A client of each format: its path, its body, how it reads its answer. */
const CLIENTS: Readonly<Record<string, readonly [path: string, body: object, read: (answer: RawAnswer) => Told]>> = {
  events: [at('streamGenerateContent?alt=sse'), { contents }, readContentEvents],
  list: [at('streamGenerateContent'), { contents }, readContentList],
  whole: [at('generateContent'), { contents }, readWholeContent],
  chat: [
    '/v1/chat/completions',
    { model: 'gem/m', messages, stream: true, stream_options: { include_usage: true } },
    (answer) => readChoiceStream(answer, 'chat'),
  ],
  'whole chat': ['/v1/chat/completions', { model: 'gem/m', messages }, (answer) => readWholeChoices(answer, 'chat')],
  responses: ['/v1/responses', { model: 'gem/m', input: 'hi', stream: true }, readResponseStream],
  messages: ['/v1/messages', { model: 'gem/m', messages, max_tokens: 9, stream: true }, readMessageStream],
};
const OWN = new Set(['events', 'list', 'whole']);

// Embeddings, and streams that never say how they ended.
const OTHERWISE = /embedding-gemini|lmnr-ts__lmnr_google|malformed-content/;
const recorded = answersOf('gemini').filter(({ file }) => !OTHERWISE.test(file));
const sha = (text: string): string | null => (text === '' ? null : createHash('sha256').update(text).digest('hex'));

let upstream: FakeUpstream;
let gateway: Gateway;

/** Says how the next request is answered, whatever its upstream takes for the name of the model. */
function plays(play: Play): void {
  for (const model of ['', 'm', 'maker/m']) upstream.on(model, play);
}

beforeAll(async () => {
  upstream = await FakeUpstream.start();
  const row = (name: string, protocol: string, below: string): string =>
    `  ${name}:\n    protocol: ${protocol}\n    base_url: ${upstream.url}${below}\n    api_key: sk-canary\n`;
  gateway = await startGateway(`providers:\n${row('gem', 'gemini', '/v1beta')}${row('chat', 'openai-chat', '/v1')}`);
});

afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

describe.skipIf(!haveRecordings).each(Object.entries(CLIENTS))('a client of %s', (name, [path, body, read]) => {
  test.each(recorded)('UP-01 GM-02 GM-05 FM-49 is told all of $file, however the network cut it', async (recording) => {
    for (const size of recording.size < 100_000 ? [1, 7, 64, 4096] : [64, 4096]) {
      plays(replaying(recording, size));
      const told = read(await postJson(gateway.url, path, body));
      expect(told.broken).toEqual([]);
      expect(told.error).toBeUndefined();
      expect(told.normalEnd).toBe(true);
      expect(sha(told.text)).toBe(recording.text_sha256);
      expect(sha(told.reasoning)).toBe(recording.reasoning_sha256);
      if (!recording.features.includes('streamed-fn-args'))
        expect(told.calls.map((call) => call.name)).toEqual(recording.tool_calls.flatMap((call) => call.name ?? []));
      const tokens = recording.usage?.['totalTokenCount'];
      if (OWN.has(name) && tokens !== undefined) expect(told.usage.at('totalTokenCount').value).toBe(tokens);
    }
  });
});

describe('over sockets', () => {
  const noHeaders: Readonly<Record<string, unknown>> = {};
  const stream = fixture('gemini/thoughts-and-calls/streamed.sse').toString();

  test('GM-01 FM-51 the upstream is asked at the path of the model, with the key in a header', async () => {
    plays(streaming(stream));
    await postJson(gateway.url, at('streamGenerateContent?alt=sse&key=client-key'), { contents });
    const { path, headers, body } = upstream.received.at(-1) ?? { path: '', headers: noHeaders, body: Buffer.of() };
    expect(path).toBe('/v1beta/models/maker/m:streamGenerateContent?alt=sse');
    expect(headers['x-goog-api-key']).toBe('sk-canary');
    expect(body.toString()).toBe(JSON.stringify({ contents }));
    expect(JSON.stringify([path, headers, gateway.log])).not.toContain('client-key');
  });

  test('UP-08 GM-08 a stream that breaks after some text is told of inside events and list alike', async () => {
    const cut = stream.slice(0, stream.indexOf('data:', stream.indexOf('Asking')));
    for (const name of ['events', 'list'] as const) {
      plays(streaming(cut));
      const [path, body, read] = CLIENTS[name] ?? ['', {}, readContentEvents];
      const told = read(await postJson(gateway.url, path, body));
      expect([told.broken, told.normalEnd, told.text]).toEqual([[], false, 'Asking: ']);
      expect(told.error).toMatch(/complete/);
    }
  });

  test('FM-05 an error before any content is an HTTP error of this format, in the upstream’s own words', async () => {
    const error = { code: 429, message: 'Slow down', status: 'RESOURCE_EXHAUSTED' };
    for (const play of [
      answering(429, { 'content-type': 'application/json' }, JSON.stringify([{ error }])),
      streaming(`data: ${JSON.stringify({ error })}\n\n`),
    ]) {
      plays(play);
      const answer = await postJson(gateway.url, at('streamGenerateContent?alt=sse'), { contents });
      expect([answer.status, Peek.parse(answer.body.toString()).at('error').value]).toEqual([429, error]);
    }
  });

  test('GM-01 GM-02 a chat upstream answers clients of this format, as events, list and whole', async () => {
    const chunk = (delta: object, finish: string | null = null): string =>
      `data: ${JSON.stringify({ id: 'c', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
    const call = { index: 0, id: 'call_9', type: 'function', function: { name: 'f', arguments: '{"a":1}' } };
    upstream.on(
      'm',
      streaming(
        `${chunk({ content: 'Hé' })}${chunk({ tool_calls: [call] })}${chunk({}, 'tool_calls')}data: [DONE]\n\n`,
      ),
    );
    for (const name of ['events', 'list', 'whole']) {
      const [path, body, read] = CLIENTS[name] ?? ['', {}, readContentEvents];
      const told = read(await postJson(gateway.url, path.replace('gem/maker/m', 'chat/m'), body));
      expect(told).toMatchObject({
        broken: [],
        text: 'Hé',
        finish: 'STOP',
        normalEnd: true,
        calls: [{ id: 'call_9', name: 'f', args: '{"a":1}' }],
      });
    }
  });

  test('counts and embeddings are answered in the form they were asked in', async () => {
    const json = { 'content-type': 'application/json' };
    plays(answering(200, json, '{"totalTokens":31}'));
    expect((await postJson(gateway.url, at('countTokens'), { contents })).body.toString()).toBe('{"totalTokens":31}');
    const content = { parts: [{ text: 'a' }] };
    plays(answering(200, json, '{"embedding":{"values":[0.10]}}'));
    expect((await postJson(gateway.url, at('embedContent'), { content })).body.toString()).toBe(
      '{"embedding":{"values":[0.10]}}',
    );
    plays(answering(200, json, '{"embeddings":[{"values":[0.10]}]}'));
    const batch = await postJson(gateway.url, at('batchEmbedContents'), { requests: [{ content }] });
    expect(batch.body.toString()).toBe('{"embeddings":[{"values":[0.10]}]}');
    expect(upstream.received.at(-1)?.body.toString()).toBe(
      '{"requests":[{"content":{"parts":[{"text":"a"}]},"model":"models/maker/m"}]}',
    );
  });
});
