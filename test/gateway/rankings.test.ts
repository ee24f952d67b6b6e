import { describe, expect, onTestFinished, test } from 'vitest';
import { fixture } from '../protocols/exchange.ts';
import { answering } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import { Peek } from '../support/peek.ts';
import { exchange, postJson } from '../support/raw-client.ts';
import { openStage, UPSTREAM_KEY } from './stage.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

interface Kind {
  readonly path: string;
  /** What is asked, without the model. */
  readonly asking: string;
  readonly body: Buffer;
  readonly tokens: object;
  readonly task: string;
  readonly offers: string;
  readonly sandbox: string;
}

const RANKING: Kind = {
  path: '/v1/rerank',
  asking: '"query":"q", "documents":["a",{"text":"café"}],"top_n":2',
  body: fixture('cohere-rerank/total-tokens/whole.json'),
  tokens: { input: 38, output: 0, total: 38 },
  task: 'rerank',
  offers: 'rankings',
  sandbox: 'ranks documents',
};
const SEARCH: Kind = {
  ...RANKING,
  body: fixture('cohere-rerank/search-units/whole.json'),
  tokens: { input: 0, output: 0, estimated: true },
};
const MODERATION: Kind = {
  path: '/v1/moderations',
  asking: '"input":[{"type":"text","text":"x"}], "x":1.0',
  body: fixture('openai-moderations/flagged/whole.json'),
  tokens: { input: 0, output: 0, estimated: true },
  task: 'moderation',
  offers: 'moderation',
  sandbox: 'judges texts',
};

describe.each<readonly [string, Kind]>([
  ['rankings', RANKING],
  ['rankings that cost units of search', SEARCH],
  ['moderation', MODERATION],
])('%s', (_name, { path, asking, body, tokens, task, offers, sandbox }) => {
  test('UP-09 UP-10 request and answer pass byte for byte but for the model, and the record tells of it', async () => {
    const stage = await openStage();
    stage.upstream.on('judge', answering(200, JSON_TYPE, body, 7));
    const sent = `{"model" : "openai-chat/judge",${asking}}`;
    const answer = await exchange(stage.gateway.url, { path, headers: JSON_TYPE, body: sent });
    expect([answer.status, answer.body.equals(body)]).toEqual([200, true]);
    const [received] = stage.upstream.for('judge');
    expect(received?.body.toString()).toBe(sent.replace('openai-chat/', ''));
    expect([received?.path, received?.headers.authorization]).toEqual([path, `Bearer ${UPSTREAM_KEY}`]);
    expect((await stage.records(1))[0]?.value).toMatchObject({ status: 200, ended: 'finished', gear: 'bytes', tokens });
  });

  test('what is no answer, and what breaks off, is a bad response', async () => {
    const stage = await openStage();
    const model = 'openai-chat/judge';
    for (const told of ['{}', body.subarray(0, 20)]) {
      stage.upstream.on('judge', answering(200, JSON_TYPE, told));
      const answer = await exchange(stage.gateway.url, {
        path,
        headers: JSON_TYPE,
        body: `{"model":"${model}",${asking}}`,
      });
      expect([answer.status, Peek.parse(answer.body.toString()).at('error', 'code').text]).toEqual([
        502,
        'upstream_bad_response',
      ]);
    }
  });

  test('a provider without such a path refuses in the form of an OpenAI error, and is asked nothing', async () => {
    const stage = await openStage({ provider: [`tasks: {${task}: none}`] });
    const sent = `{"model":"openai-chat/judge",${asking}}`;
    const answer = await exchange(stage.gateway.url, { path, headers: JSON_TYPE, body: sent });
    expect(answer.status).toBe(400);
    expect(Peek.parse(answer.body.toString()).at('error').value).toEqual({
      message: `The provider 'openai-chat' is not known to offer ${offers}.`,
      type: 'invalid_request_error',
      param: 'model',
      code: 'unsupported_parameter',
    });
    expect(stage.upstream.received).toEqual([]);
  });

  test('the sandbox refuses by name', async () => {
    const gateway = await startGateway('');
    onTestFinished(() => gateway.close());
    for (const model of ['sandbox/echo', 'anything']) {
      const answer = await exchange(gateway.url, { path, headers: JSON_TYPE, body: `{"model":"${model}",${asking}}` });
      expect(answer.status).toBe(400);
      expect(answer.body.toString()).toContain(`The sandbox has no model that ${sandbox}`);
    }
  });

  test('what is missing is named, and a refusal of the upstream is told in its words', async () => {
    const stage = await openStage();
    const empty = await postJson(stage.gateway.url, path, { model: 'openai-chat/judge' });
    expect([empty.status, Peek.parse(empty.body.toString()).at('error', 'code').text]).toEqual([
      400,
      'missing_required_parameter',
    ]);
    stage.upstream.on('judge', answering(422, JSON_TYPE, '{"message":"no such model"}'));
    const sent = `{"model":"openai-chat/judge",${asking}}`;
    const answer = await exchange(stage.gateway.url, { path, headers: JSON_TYPE, body: sent });
    expect([answer.status, Peek.parse(answer.body.toString()).at('error', 'message').text]).toEqual([
      422,
      'no such model',
    ]);
  });
});
