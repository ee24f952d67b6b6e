import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { FakeUpstream, streaming } from '../support/fake-upstream.ts';
import type { Received } from '../support/fake-upstream.ts';
import { Peek } from '../support/peek.ts';
import { exchange } from '../support/raw-client.ts';
import { TEXT_CLIENTS } from '../support/text-requests.ts';
import { WIRES } from '../support/upstream-bodies.ts';
import { FORMATS, openStage, UPSTREAM_KEY } from './stage.ts';
import type { Stage } from './stage.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const FUNCTION = { type: 'function', name: 'weather', parameters: { type: 'object' } };
const CHAT_FUNCTION = { type: 'function', function: { name: 'weather', parameters: { type: 'object' } } };

async function answeringStage(): Promise<Stage> {
  const stage = await openStage();
  stage.upstream.on('m', (reply, request) => {
    const format = FORMATS.find((one) => `/v1${TEXT_CLIENTS[one].path.slice(3)}` === request.path) ?? 'openai-chat';
    const { stream, whole } = WIRES[format];
    const streams = Peek.parse(request.body.toString()).at('stream').value === true;
    if (streams) return streaming(stream({ text: ['ok'] }))(reply, request);
    reply.head(200, JSON_TYPE);
    reply.end(whole({ text: ['ok'] }));
  });
  return stage;
}

function bodyOf(call: Received | undefined): Peek {
  return Peek.parse(call?.body.toString() ?? 'null');
}

describe('OR-41 tools that only another format knows', () => {
  const foreign = [
    { type: 'web_search' },
    { type: 'namespace', name: 'x', tools: [] },
    { type: 'web_search', filters: {} },
  ];

  test.each([true, false])(
    'OR-41 are dropped for a chat upstream and named in a header; streamed: %s',
    async (stream) => {
      const stage = await answeringStage();
      const answer = await stage.ask('openai-responses', 'openai-chat/m', stream, {
        tools: [foreign[0], FUNCTION, ...foreign.slice(1)],
      }).done;
      expect([answer.status, answer.headers['streamweir-dropped-tools']]).toEqual([200, 'web_search,namespace']);
      const sent = bodyOf(stage.upstream.received[0]);
      expect(sent.at('tools').list.map((tool) => tool.at('function', 'name').value)).toEqual(['weather']);
      // What the client is shown of its request is what it asked for.
      const shown = stream
        ? /event: response\.created\n(.*)\n/.exec(answer.body.toString())?.[1]
        : JSON.stringify(Peek.parse(answer.body.toString()).at('tools').value);
      expect(shown).toContain('namespace');
    },
  );

  test('OR-41 leave no choice behind that nothing is left for', async () => {
    const stage = await answeringStage();
    const choices = ['required', 'auto', { type: 'web_search' }, { type: 'function', name: 'weather' }];
    for (const choice of choices) {
      const answer = await stage.ask('openai-responses', 'openai-chat/m', true, {
        tools: foreign,
        tool_choice: choice,
        parallel_tool_calls: true,
      }).done;
      expect(answer.status).toBe(200);
      const sent = bodyOf(stage.upstream.received.at(-1));
      expect([sent.has('tools'), sent.has('tool_choice'), sent.has('parallel_tool_calls')]).toEqual([
        false,
        false,
        false,
      ]);
    }
    const answer = await stage.ask('openai-responses', 'openai-chat/m', true, {
      tools: [...foreign, FUNCTION],
      tool_choice: 'required',
    }).done;
    expect(answer.status).toBe(200);
    expect(bodyOf(stage.upstream.received.at(-1)).at('tool_choice').value).toBe('required');
  });

  test('OR-41 go on to an upstream of their own format, which knows them', async () => {
    const stage = await answeringStage();
    const answer = await stage.ask('openai-responses', 'openai-responses/m', true, { tools: foreign }).done;
    expect([answer.status, answer.headers['streamweir-dropped-tools']]).toEqual([200, undefined]);
    expect(bodyOf(stage.upstream.received[0]).at('tools').value).toEqual(foreign);
    const chat = await stage.ask('openai-chat', 'openai-chat/m', true, {
      tools: [CHAT_FUNCTION, { type: 'odd', odd: {} }],
    }).done;
    expect([chat.status, chat.headers['streamweir-dropped-tools']]).toEqual([200, undefined]);
    expect(bodyOf(stage.upstream.received[1]).at('tools', 1, 'type').value).toBe('odd');
  });

  test('OR-41 a name cannot break the header it stands in', async () => {
    const stage = await answeringStage();
    const tools = [{ type: 'a\r\nset-cookie: x, y' }, { type: '日本' }, { type: 'z'.repeat(10_000) }];
    const answer = await stage.ask('openai-responses', 'openai-chat/m', true, { tools }).done;
    expect(answer.headers['streamweir-dropped-tools']).toBe(`aset-cookiexy,unknown,${'z'.repeat(64)}`);
  });
});

const STEERING_FIELDS = [
  'base_url',
  'api_base',
  'baseURL',
  'endpoint',
  'url',
  'host',
  'api_key',
  'proxy',
  'organization',
  'api_version',
  'custom_llm_provider',
];
const STEERING_HEADERS = [
  'x-base-url',
  'x-api-base',
  'x-portkey-custom-host',
  'helicone-target-url',
  'x-forwarded-host',
  'x-upstream-url',
  'openai-organization',
  'api-key',
  'x-api-key',
  'cookie',
  'x-stainless-os',
  'forwarded',
  'proxy-authorization',
];
const SENT_HEADERS = [
  'accept',
  'accept-encoding',
  'authorization',
  'connection',
  'content-length',
  'content-type',
  'host',
  'user-agent',
];

describe('UP-12 what a caller may not choose', () => {
  test('UP-12 no header and no field leads elsewhere or brings a credential along', async () => {
    const stage = await answeringStage();
    const elsewhere = await FakeUpstream.start();
    const body = Object.fromEntries(STEERING_FIELDS.map((name) => [name, `${elsewhere.url}/v1`]));
    const headers = Object.fromEntries(STEERING_HEADERS.map((name) => [name, `${elsewhere.url}/client-value`]));
    for (const dialect of FORMATS) {
      for (const protocol of FORMATS) {
        const answer = await exchange(stage.gateway.url, {
          path: `${TEXT_CLIENTS[dialect].path}?base_url=${elsewhere.url}`,
          headers: { ...JSON_TYPE, ...headers, authorization: 'Bearer client-value' },
          body: JSON.stringify({ ...TEXT_CLIENTS[dialect].request(`${protocol}/m`, true, false), ...body }),
        });
        expect(answer.status).toBe(200);
      }
    }
    expect(elsewhere.received).toHaveLength(0);
    await elsewhere.close();
    for (const { headers: sent, path } of stage.upstream.received) {
      expect(sent['authorization']).toBe(`Bearer ${UPSTREAM_KEY}`);
      expect(JSON.stringify(sent)).not.toContain('client-value');
      expect(sent['host']).toBe(new URL(stage.upstream.url).host);
      expect(path).not.toContain('?');
      expect(Object.keys(sent).toSorted()).toEqual(SENT_HEADERS);
    }
  });

  test('what an upstream says in its headers stays here', async () => {
    const stage = await openStage();
    const secrets = {
      'set-cookie': 'secret',
      server: 'secret',
      'openai-organization': 'secret',
      via: 'secret',
      'x-request-id': 'secret',
      'alt-svc': 'secret',
      location: 'secret',
    };
    stage.upstream.on('m', (reply) => {
      reply.head(200, { ...secrets, 'content-type': 'text/event-stream' });
      reply.end(WIRES['openai-chat'].stream({ text: ['ok'] }));
    });
    stage.upstream.on('bad', (reply) => {
      reply.head(400, { ...secrets, ...JSON_TYPE });
      reply.end('{"error":{"message":"no"}}');
    });
    for (const dialect of FORMATS) {
      for (const model of ['openai-chat/m', 'openai-chat/bad'])
        for (const stream of [true, false])
          expect(JSON.stringify((await stage.ask(dialect, model, stream).done).headers)).not.toContain('secret');
    }
  });
});

describe('a body on its way to an upstream of its own format', () => {
  test('UP-09 UP-10 keeps its order, its numbers, its spaces and its unknown fields; only the model is another', async () => {
    const stage = await answeringStage();
    const inputs = {
      'openai-chat': '"messages" : [{"role":"user","content":"h\\u00e9 日本"}]',
      'openai-responses': '"input": "h\\u00e9"',
      'openai-completions': '"prompt":"h\\u00e9"',
    };
    for (const format of FORMATS) {
      const of = (model: string): string =>
        `{ "z_unknown": {"b":1.0, "a":1e2},\n "seed":9007199254740993, ${inputs[format]},"model" : "${model}", "temperature":1.0, "stream":false, "__proto__":{"x":1} }`;
      const answer = await exchange(stage.gateway.url, {
        path: TEXT_CLIENTS[format].path,
        headers: JSON_TYPE,
        body: of(`${format}/m`),
      });
      expect(answer.status).toBe(200);
      expect(stage.upstream.received.at(-1)?.body.toString()).toBe(of('m'));
    }
  });

  test('a body of 30 MB goes through', async () => {
    const stage = await answeringStage();
    const content = 'y'.repeat(30_000_000);
    const answer = await stage.ask('openai-chat', 'openai-chat/m', false, { messages: [{ role: 'user', content }] })
      .done;
    expect(answer.status).toBe(200);
    expect(bodyOf(stage.upstream.received[0]).at('messages', 0, 'content').text.length).toBe(content.length);
  });
});

test('OR-02 a compressed body may repeat itself as much as it likes below the limit', async () => {
  const stage = await answeringStage();
  const text = JSON.stringify({
    model: 'openai-chat/m',
    messages: [{ role: 'user', content: 'y'.repeat(20_000_000) }],
  });
  const headers = { ...JSON_TYPE, 'content-encoding': 'gzip' };
  const answer = await exchange(stage.gateway.url, {
    path: '/v1/chat/completions',
    headers,
    body: gzipSync(text),
  });
  expect(answer.status).toBe(200);
  expect(stage.upstream.received[0]?.headers['content-encoding']).toBeUndefined();
  expect(stage.upstream.received[0]?.body.length).toBe(text.length - 'openai-chat/'.length);
});

describe('one event without end', () => {
  test.each([
    ['before content', false],
    ['after content', true],
  ])('UP-05 %s it is an error, read no further than the limit', async (_, begun) => {
    const stage = await openStage({ top: 'limits: {upstream_event: 1MB}' });
    for (const protocol of FORMATS) {
      let sent = 0;
      stage.upstream.on('m', async (reply, request) => {
        reply.head(200, { 'content-type': 'text/event-stream' });
        const stream = WIRES[protocol].stream({ text: ['one ', 'two '] });
        const at = stream.lastIndexOf('\n\n', stream.indexOf('two ')) + 2;
        if (begun) await reply.write(stream.slice(0, at));
        let open = true;
        void request.abandoned.then(() => {
          open = false;
        });
        await reply.write('data: {"x":"');
        for (; sent < 50_000_000; sent += 100_000) {
          await Promise.race([reply.write('y'.repeat(100_000)), request.abandoned]);
          if (!isOpen(() => open)) return;
        }
      });
      for (const dialect of FORMATS) {
        sent = 0;
        const answer = await stage.ask(dialect, `${protocol}/m`).done;
        const told = TEXT_CLIENTS[dialect].read(answer, true);
        expect([protocol, dialect, answer.status, told.normalEnd, told.error === undefined]).toEqual([
          protocol,
          dialect,
          begun ? 200 : 502,
          false,
          false,
        ]);
        expect(sent).toBeLessThan(20_000_000);
      }
    }
  });
});

function isOpen(flag: () => boolean): boolean {
  return flag();
}
