import { describe, expect, onTestFinished, test } from 'vitest';
import { answering, FakeUpstream, streaming } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import { Peek } from '../support/peek.ts';
import { WIRES } from '../support/upstream-bodies.ts';

const KEY = 'provider-key-4711';

async function stage(): Promise<{
  readonly upstream: FakeUpstream;
  readonly url: string;
  readonly log: readonly string[];
}> {
  const upstream = await FakeUpstream.start();
  upstream.on(
    'gpt-9',
    answering(200, { 'content-type': 'application/json' }, WIRES['openai-chat'].whole({ text: ['Hi'] })),
  );
  const gateway = await startGateway(
    `providers:\n  openai:\n    base_url: ${upstream.url}/v1\n    api_key: ${KEY}\n    models: [gpt-9]\n`,
  );
  onTestFinished(async () => {
    await gateway.close();
    await upstream.close();
  });
  return { upstream, url: gateway.url, log: gateway.log };
}

const ask = (url: string, model: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hi' }] }),
  });

describe('the base URL of one provider, replaced by ours', () => {
  test.each(['gpt-9', 'openai/gpt-9'])('asked for %s below its prefix, the provider answers', async (model) => {
    const { upstream, url } = await stage();
    const response = await ask(`${url}/openai/v1/chat/completions`, model);
    expect(response.status).toBe(200);
    expect(upstream.received[0]).toMatchObject({ path: '/v1/chat/completions', model: 'gpt-9' });
  });

  test('without the prefix a bare name leads nowhere, and the refusal says where it might', async () => {
    const { url } = await stage();
    const response = await ask(`${url}/v1/chat/completions`, 'gpt-9');
    expect(response.status).toBe(404);
    expect(await response.text()).toContain('openai/gpt-9');
  });

  test('FM-51 whatever way the client shows its own key, only the provider’s goes on, and no log has either', async () => {
    const { upstream, url, log } = await stage();
    const own = 'client-key-0815';
    const ways = [
      { authorization: `Bearer ${own}` },
      { 'x-api-key': own },
      { 'x-goog-api-key': own },
      { 'api-key': own },
    ];
    for (const headers of ways)
      expect((await ask(`${url}/openai/v1/chat/completions`, 'gpt-9', headers)).status).toBe(200);
    expect((await ask(`${url}/openai/v1/chat/completions?key=${own}`, 'gpt-9')).status).toBe(200);
    for (const { headers, path, body } of upstream.received) {
      expect(headers.authorization).toBe(`Bearer ${KEY}`);
      expect(JSON.stringify(headers) + path + body.toString()).not.toContain(own);
    }
    expect(upstream.received).toHaveLength(5);
    expect(log.join('\n')).not.toContain(own);
    expect(log.join('\n')).not.toContain(KEY);
  });
});

describe('the list of models', () => {
  const get = async (url: string, headers: Readonly<Record<string, string>> = {}): Promise<Peek> =>
    Peek.parse(await (await fetch(url, { headers })).text());

  test('ML-02 with the version header of Messages it has the shape of Messages', async () => {
    const { url } = await stage();
    const list = await get(`${url}/anthropic/v1/models`, { 'anthropic-version': '2023-06-01' });
    const data = list.at('data').list;
    expect(data[0]?.value).toEqual({
      type: 'model',
      id: 'openai/gpt-9',
      display_name: 'openai/gpt-9',
      created_at: '1970-01-01T00:00:00Z',
    });
    expect(list.value).toMatchObject({
      has_more: false,
      first_id: data[0]?.at('id').value,
      last_id: data.at(-1)?.at('id').value,
    });
  });

  test('ML-03 below v1beta it has the shape of Gemini, and one is found there', async () => {
    const { url } = await stage();
    const expected = { name: 'models/openai/gpt-9', displayName: 'openai/gpt-9' };
    const list = await get(`${url}/gemini/v1beta/models?key=any`);
    expect(list.at('models').list[0]?.value).toMatchObject(expected);
    expect((await get(`${url}/v1beta/models/openai/gpt-9`)).value).toMatchObject(expected);
  });
});

test('MS-12 MS-13 an error for a Messages client names its request, in the body as in the header', async () => {
  const { upstream, url } = await stage();
  const post = (body: object): Promise<Response> =>
    fetch(`${url}/openai/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'gpt-9', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }], ...body }),
    });
  const refused = await post({ messages: 'Hi' });
  expect(refused.status).toBe(400);
  expect(Peek.parse(await refused.text()).at('request_id').text).toBe(refused.headers.get('request-id'));
  const events = WIRES['openai-chat'].stream({ text: ['Hi'] }).split('\n\n');
  const cut = events.findIndex((event) => event.includes('"Hi"')) + 1;
  upstream.on('gpt-9', streaming(`${events.slice(0, cut).join('\n\n')}\n\n`));
  const broken = await post({ stream: true });
  const told = await broken.text();
  const last = /event: error\ndata: (.*)\n\n$/.exec(told)?.[1] ?? expect.fail(told);
  expect(Peek.parse(last).at('request_id').text).toBe(broken.headers.get('request-id'));
  expect(broken.headers.get('request-id')).toMatch(/^req_/);
});
