import { expect, onTestFinished, test } from 'vitest';
import { FakeUpstream, answering, replaying } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import { Peek } from '../support/peek.ts';
import { inParallel } from '../support/pool.ts';
import { exchange, postJson } from '../support/raw-client.ts';
import type { RawAnswer } from '../support/raw-client.ts';
import { answersOf, bodyOf, haveRecordings } from '../support/recordings.ts';
import { fixture } from '../protocols/exchange.ts';
import { openStage, UPSTREAM_KEY } from './stage.ts';
import type { Stage } from './stage.ts';

const PATH = '/v1/embeddings';
const JSON_TYPE = { 'content-type': 'application/json' };
const INPUT = ['a', 'b', 'c'];
const file = (name: string): Buffer => fixture(`openai-embeddings/three-inputs/${name}.json`);

/** Asks for embeddings of a model of the stage's upstream, which answers with a body. */
async function ask(stage: Stage, body: Buffer | string, more: object = {}, size = 4096): Promise<RawAnswer> {
  stage.upstream.on('embedder', answering(200, JSON_TYPE, body, size));
  return postJson(stage.gateway.url, PATH, { model: 'openai-chat/embedder', input: INPUT, ...more });
}

/** The numbers of the vectors of an answer, read by the platform's own typed arrays. */
function numbersIn(answer: Peek): readonly (readonly number[])[] {
  return answer.at('data').list.map((entry) => {
    const { text, list } = entry.at('embedding');
    if (text === '') return list.map(({ value }) => Math.fround(Number(value)));
    return [...new Float32Array(Uint8Array.from(Buffer.from(text, 'base64')).buffer)];
  });
}

test('UP-09 UP-10 EM-02 EM-03 request and answer pass byte for byte but for the model, and the record has the tokens', async () => {
  const stage = await openStage();
  stage.upstream.on('embedder', answering(200, JSON_TYPE, file('floats'), 7));
  const sent = '{ "x":1.0, "model" : "openai-chat/embedder","input":["a","b","c"],  "seed":2512292042121000001 }';
  const answer = await exchange(stage.gateway.url, { path: PATH, headers: JSON_TYPE, body: sent });
  expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/json']);
  expect(answer.body.equals(file('floats'))).toBe(true);
  const [received] = stage.upstream.for('embedder');
  expect(received?.body.toString()).toBe(sent.replace('openai-chat/embedder', 'embedder'));
  expect([received?.path, received?.headers.authorization]).toEqual(['/v1/embeddings', `Bearer ${UPSTREAM_KEY}`]);
  const [record] = await stage.records(1);
  expect(record?.value).toMatchObject({
    status: 200,
    ended: 'finished',
    gear: 'bytes',
    tokens: { input: 7, output: 0, total: 7 },
  });
});

test.each(['floats', 'base64', 'shuffled'])(
  'EM-02 EM-03 whatever the upstream gives (%s), the client gets the form it asked for, in order',
  async (name) => {
    const stage = await openStage();
    const wanted = numbersIn(Peek.parse(file('floats').toString()));
    for (const encoding_format of ['float', 'base64', undefined])
      for (const size of [1, 64]) {
        const answer = Peek.parse((await ask(stage, file(name), { encoding_format }, size)).body.toString());
        expect(numbersIn(answer)).toEqual(wanted);
        const packed = answer.at('data').list.map((entry) => entry.at('embedding').text !== '');
        expect(new Set(packed)).toEqual(new Set([encoding_format === 'base64']));
        expect(answer.at('usage').value).toEqual({ prompt_tokens: 7, total_tokens: 7 });
      }
    for (const record of await stage.records(6)) expect(record.at('tokens', 'total').number).toBe(7);
  },
);

test('EM-03 an answer that has not one vector for each input is an error, never an answer', async () => {
  const stage = await openStage();
  const answer = await ask(stage, file('floats'), { input: ['a', 'b'] });
  expect(answer.status).toBe(502);
  expect(Peek.parse(answer.body.toString()).at('error').value).toMatchObject({
    type: 'upstream_error',
    code: 'upstream_bad_response',
    message: 'The upstream gave 3 embeddings for 2 inputs.',
  });
  expect((await stage.records(1))[0]?.value).toMatchObject({ ended: 'failed', status: 502 });
});

test('WD-05 a refusal of the upstream is told in its words, and a body that is cut is an error', async () => {
  const stage = await openStage();
  const told =
    '{"error":{"message":"Too many tokens.","type":"invalid_request_error","param":"input","code":"too_long"}}';
  stage.upstream.on('embedder', answering(400, JSON_TYPE, told));
  const model = 'openai-chat/embedder';
  const refused = await postJson(stage.gateway.url, PATH, { model, input: 'a' });
  expect([refused.status, refused.body.toString()]).toEqual([400, told]);
  const cut = await ask(stage, file('floats').subarray(0, 60));
  expect(cut.status).toBe(502);
  stage.upstream.on('embedder', (reply) => {
    reply.head(200, JSON_TYPE);
    reply.cut(file('floats').subarray(0, 60), 7);
    reply.reset();
  });
  expect((await postJson(stage.gateway.url, PATH, { model, input: INPUT })).status).toBe(502);
});

test('EM-01 a wrong field is refused in the form of an OpenAI error, and nothing is asked of the upstream', async () => {
  const stage = await openStage();
  const answer = await postJson(stage.gateway.url, PATH, { model: 'openai-chat/embedder', input: 'a', dimensions: 0 });
  expect(answer.status).toBe(400);
  expect(Peek.parse(answer.body.toString()).at('error').value).toMatchObject({
    type: 'invalid_request_error',
    param: 'dimensions',
  });
  expect(stage.upstream.received).toEqual([]);
});

test('EM-01 EM-02 EM-03 the sandbox makes vectors without any provider, the same in both encodings', async () => {
  const gateway = await startGateway('');
  onTestFinished(() => gateway.close());
  const asking = async (more: object): Promise<Peek> => {
    const answer = await postJson(gateway.url, PATH, { model: 'text-embedding-3-small', input: INPUT, ...more });
    expect([answer.status, answer.headers['streamweir-sandbox']]).toEqual([200, 'no provider is configured']);
    return Peek.parse(answer.body.toString());
  };
  const [floats, packed] = [
    await asking({ dimensions: 8 }),
    await asking({ dimensions: 8, encoding_format: 'base64' }),
  ];
  expect(numbersIn(floats)).toEqual(numbersIn(packed));
  for (const vector of numbersIn(floats))
    expect([vector.length, Math.hypot(...vector).toFixed(5)]).toEqual([8, '1.00000']);
  expect(floats.at('usage').value).toEqual({ prompt_tokens: 3, total_tokens: 3 });
  expect(floats.at('model').text).toBe('text-embedding-3-small');
});

test.skipIf(!haveRecordings)(
  'EM-02 EM-03 every recorded answer, cut anywhere, reaches the client in both encodings with the same numbers',
  async () => {
    const upstream = await FakeUpstream.start();
    const gateway = await startGateway(`providers: {up: {base_url: '${upstream.url}/v1', api_key: k}}`);
    onTestFinished(async () => {
      await upstream.close();
      await gateway.close();
    });
    const cells = answersOf('openai-embeddings').flatMap((recording) =>
      [1, 7, 64, 4096].flatMap((size) => ['float', 'base64'].map((encoding) => ({ recording, size, encoding }))),
    );
    const faults = await inParallel(cells, 8, async ({ recording, size, encoding }) => {
      const model = `${recording.file}#${size}`;
      upstream.on(model, replaying(recording, size));
      const recorded = Peek.parse(bodyOf(recording).toString());
      const input = recorded.at('data').list.map((_, index) => `text ${index}`);
      const answer = await postJson(gateway.url, PATH, { model: `up/${model}`, input, encoding_format: encoding });
      const told = Peek.parse(answer.body.toString());
      // Bytes, one for each dimension, which nobody asked for and no client of this format could read.
      if (recording.file.includes('perplexity_int8'))
        return answer.status === 502 ? [] : [`${model}: ${answer.status}`];
      const same = JSON.stringify(numbersIn(told)) === JSON.stringify(numbersIn(recorded));
      const tokens = told.at('usage', 'prompt_tokens').number === recorded.at('usage', 'prompt_tokens').number;
      return answer.status === 200 && same && tokens ? [] : [`${model} as ${encoding}: ${answer.status}`];
    });
    expect(faults.flat()).toEqual([]);
    expect(cells.length).toBeGreaterThan(100);
  },
);
