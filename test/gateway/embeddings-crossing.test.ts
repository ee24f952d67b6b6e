import { expect, onTestFinished, test } from 'vitest';
import { fixture } from '../protocols/exchange.ts';
import { FakeUpstream, answering, replaying } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import type { Gateway } from '../support/gateway.ts';
import { Peek } from '../support/peek.ts';
import { postJson } from '../support/raw-client.ts';
import { answersOf, bodyOf, haveRecordings } from '../support/recordings.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

/** A gateway before one upstream that is asked in the words of both formats of embeddings. */
async function openStage(): Promise<{ readonly gateway: Gateway; readonly upstream: FakeUpstream }> {
  const upstream = await FakeUpstream.start();
  const row = (name: string, protocol: string, below: string): string =>
    `  ${name}: {protocol: ${protocol}, base_url: '${upstream.url}${below}', api_key: k}\n`;
  const gateway = await startGateway(
    `providers:\n${row('gem', 'gemini', '/v1beta')}${row('oai', 'openai-chat', '/v1')}`,
  );
  onTestFinished(async () => {
    await upstream.close();
    await gateway.close();
  });
  return { gateway, upstream };
}

/** The numbers of each vector, read by the platform's own typed arrays. */
function numbersIn(answer: Peek): readonly (readonly number[])[] {
  return answer.at('data').list.map((entry) => {
    const { text, list } = entry.at('embedding');
    if (text === '') return list.map(({ value }) => Math.fround(Number(value)));
    return [...new Float32Array(Uint8Array.from(Buffer.from(text, 'base64')).buffer)];
  });
}

test('EM-01 EM-02 EM-03 a client of embeddings reads the vectors of a gemini upstream, in both encodings', async () => {
  const { gateway, upstream } = await openStage();
  upstream.on('embedder', answering(200, JSON_TYPE, '{"embeddings":[{"values":[0.5,-1e-05]},{"values":[1.0,0]}]}', 7));
  const asking = { model: 'gem/embedder', input: ['one', 'two'], dimensions: 2 };
  for (const encoding_format of ['float', 'base64']) {
    const answer = await postJson(gateway.url, '/v1/embeddings', { ...asking, encoding_format });
    expect(answer.status).toBe(200);
    const told = Peek.parse(answer.body.toString());
    expect(numbersIn(told)).toEqual([
      [0.5, Math.fround(-1e-5)],
      [1, 0],
    ]);
    expect([told.at('model').text, told.at('usage', 'prompt_tokens').number]).toEqual([
      'gem/embedder',
      expect.any(Number),
    ]);
    if (encoding_format === 'float') expect(answer.body.toString()).toContain('[0.5,-1e-05]');
  }
  const [received] = upstream.received;
  expect(received?.path).toBe('/v1beta/models/embedder:batchEmbedContents');
  const requests = Peek.parse(received?.body.toString() ?? '').at('requests').list;
  expect(
    requests.map((each) => [each.at('content', 'parts', 0, 'text').text, each.at('outputDimensionality').number]),
  ).toEqual([
    ['one', 2],
    ['two', 2],
  ]);
});

test('EM-01 EM-03 token ids and a wrong count are refused on the way to and from a gemini upstream', async () => {
  const { gateway, upstream } = await openStage();
  const ids = await postJson(gateway.url, '/v1/embeddings', { model: 'gem/embedder', input: [[1, 2]] });
  expect([ids.status, Peek.parse(ids.body.toString()).at('error', 'param').text]).toEqual([400, 'input']);
  expect(upstream.received).toEqual([]);
  upstream.on('embedder', answering(200, JSON_TYPE, '{"embeddings":[{"values":[1]}]}'));
  const wrong = await postJson(gateway.url, '/v1/embeddings', { model: 'gem/embedder', input: ['a', 'b'] });
  expect([wrong.status, wrong.body.toString()]).toEqual([502, expect.stringContaining('1 embeddings for 2 inputs')]);
});

test.each(['floats', 'base64', 'shuffled'])(
  'EM-02 EM-03 a gemini client reads the vectors of an upstream of %s',
  async (name) => {
    const { gateway, upstream } = await openStage();
    upstream.on('embedder', answering(200, JSON_TYPE, fixture(`openai-embeddings/three-inputs/${name}.json`), 64));
    const content = (text: string): object => ({ content: { parts: [{ text }] }, outputDimensionality: 4 });
    const path = '/v1beta/models/oai%2Fembedder:batchEmbedContents';
    const answer = await postJson(gateway.url, path, { requests: ['a', 'b', 'c'].map(content) });
    expect(answer.status).toBe(200);
    const vectors = Peek.parse(answer.body.toString()).at('embeddings').list;
    expect(vectors.map((each) => each.at('values').list.map(({ value }) => Math.fround(Number(value))))).toEqual([
      [0.5, -0.25, 0.125, 1],
      [-1, 0, 0.0625, -0.75],
      [0, 0.1, -0.2, 0.3].map(Math.fround),
    ]);
    expect(JSON.parse(upstream.for('embedder')[0]?.body.toString() ?? '')).toEqual({
      model: 'embedder',
      input: ['a', 'b', 'c'],
      dimensions: 4,
    });
  },
);

test('EM-03 the sandbox gives a gemini client the vectors it gives the other', async () => {
  const gateway = await startGateway('');
  onTestFinished(() => gateway.close());
  const own = await postJson(gateway.url, '/v1beta/models/sandbox%2Fembed:embedContent', {
    content: { parts: [{ text: 'a cat' }] },
    outputDimensionality: 8,
  });
  const other = await postJson(gateway.url, '/v1/embeddings', {
    model: 'sandbox/embed',
    input: 'a cat',
    dimensions: 8,
  });
  expect([own.status, other.status]).toEqual([200, 200]);
  expect(Peek.parse(own.body.toString()).at('embedding', 'values').value).toEqual(
    Peek.parse(other.body.toString()).at('data', 0, 'embedding').value,
  );
});

test.skipIf(!haveRecordings)(
  'EM-02 EM-03 recorded embeddings of gemini reach a client of embeddings whole',
  async () => {
    const { gateway, upstream } = await openStage();
    const recorded = answersOf('gemini').filter(({ features }) => features.includes('embed'));
    expect(recorded.length).toBeGreaterThan(0);
    for (const recording of recorded)
      for (const size of [1, 64, 4096]) {
        const body = Peek.parse(bodyOf(recording).toString());
        const single = body.at('embedding').given;
        const vectors = single ? [body.at('embedding')] : body.at('embeddings').list;
        upstream.on('embedder', replaying(recording, size));
        const input = vectors.map((_, at) => `text ${at}`);
        const answer = await postJson(gateway.url, '/v1/embeddings', {
          model: 'gem/embedder',
          input,
          encoding_format: 'base64',
        });
        expect([recording.file, answer.status]).toEqual([recording.file, 200]);
        expect(numbersIn(Peek.parse(answer.body.toString()))).toEqual(
          vectors.map((each) => each.at('values').list.map(({ value }) => Math.fround(Number(value)))),
        );
      }
  },
);
