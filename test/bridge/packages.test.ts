import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answering, FakeUpstream, replaying, streaming } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import type { Gateway } from '../support/gateway.ts';
import { Peek } from '../support/peek.ts';
import { RawExchange } from '../support/raw-client.ts';
import { answersOf, haveRecordings } from '../support/recordings.ts';
import { readChoiceStream, readWholeChoices } from '../support/read-chat.ts';
import type { Told } from '../support/told.ts';

// Real packages of the three versions of the interface, each pointed at an upstream on a loopback port.
const VERSIONS = { v2: 'openai-compatible-v2', v3: 'openai-compatible-v3', v4: '@ai-sdk/openai-compatible' };
const NAMES = Object.keys(VERSIONS);

let upstream: FakeUpstream;
let gateway: Gateway;

beforeAll(async () => {
  upstream = await FakeUpstream.start();
  const rows = Object.entries(VERSIONS).map(
    ([name, sdk]) =>
      `  ${name}: { package: "${sdk}", base_url: "${upstream.url}/v1", api_key: upstream-secret, options: { includeUsage: true } }\n`,
  );
  const more = [
    `  claude: { package: "@ai-sdk/anthropic", base_url: "${upstream.url}/v1", api_key: upstream-secret }\n`,
    '  missing: { package: "@ai-sdk/not-installed-here" }\n',
    `  sound: { package: "@ai-sdk/openai", base_url: "${upstream.url}/v1", api_key: upstream-secret, tasks: { speech: ai-sdk, transcription: ai-sdk } }\n`,
    '  nothing: { package: "yaml" }\n',
    `  gone: { package: "${VERSIONS.v4}", base_url: "http://127.0.0.1:1/v1" }\n`,
    `  hasty: { package: "${VERSIONS.v4}", base_url: "${upstream.url}/v1", timeout: 150ms }\n`,
  ];
  gateway = await startGateway(`providers:\n${[...rows, ...more].join('')}`);
});

afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

function ask(model: string, stream: boolean, more: Readonly<Record<string, unknown>> = {}): RawExchange {
  const body = { model, stream, messages: [{ role: 'user', content: 'Hello' }], ...more };
  return new RawExchange(gateway.url, {
    path: '/v1/chat/completions',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

async function told(model: string, stream: boolean, more: Readonly<Record<string, unknown>> = {}): Promise<Told> {
  const answer = await ask(model, stream, {
    ...more,
    ...(stream && { stream_options: { include_usage: true } }),
  }).done;
  return stream ? readChoiceStream(answer, 'chat') : readWholeChoices(answer, 'chat');
}

const chunk = (delta: object, finish: string | null = null): string =>
  `data: ${JSON.stringify({ id: 'c-1', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
const usage = `data: ${JSON.stringify({ id: 'c-1', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [], usage: { prompt_tokens: 12, completion_tokens: 7, total_tokens: 19, prompt_tokens_details: { cached_tokens: 4 }, completion_tokens_details: { reasoning_tokens: 3 } } })}\n\n`;
const DONE = 'data: [DONE]\n\n';

describe.each(NAMES)('a package of version %s', (name) => {
  test.each([true, false])('answers with thoughts, text, two calls and counters (streamed: %s)', async (stream) => {
    const call = (index: number, more: object): object => ({ tool_calls: [{ index, ...more }] });
    upstream.on(
      'rich',
      streaming(
        chunk({ role: 'assistant', reasoning_content: 'let me ' }) +
          chunk({ reasoning_content: 'see' }) +
          chunk({ content: 'Hel' }) +
          chunk({ content: 'lo' }) +
          chunk(call(0, { id: 'call_a', type: 'function', function: { name: 'one', arguments: '{"big":' } })) +
          chunk(call(0, { function: { arguments: '2512292042121000001}' } })) +
          chunk(call(1, { id: 'call_b', type: 'function', function: { name: 'two', arguments: '{}' } })) +
          chunk({}, 'tool_calls') +
          usage +
          DONE,
        7,
      ),
    );
    const answer = await told(`${name}/rich`, stream, {
      tools: ['one', 'two'].map((tool) => ({
        type: 'function',
        function: { name: tool, parameters: { type: 'object' } },
      })),
    });
    expect(answer).toMatchObject({
      broken: [],
      normalEnd: true,
      text: 'Hello',
      reasoning: 'let me see',
      finish: 'tool_calls',
    });
    expect(answer.calls).toMatchObject([
      { id: 'call_a', name: 'one', args: '{"big":2512292042121000001}' },
      { id: 'call_b', name: 'two', args: '{}' },
    ]);
    expect([answer.usage.at('prompt_tokens').value, answer.usage.at('completion_tokens').value]).toEqual([12, 7]);
    const sent = upstream.for('rich').at(-1);
    expect(sent).toMatchObject({ path: '/v1/chat/completions', headers: { authorization: 'Bearer upstream-secret' } });
    // Whole or not, a package is asked to stream.
    expect(Peek.parse(sent?.body.toString() ?? '').at('stream').value).toBe(true);
  });

  test('is given back calls and results as its client has them', async () => {
    upstream.on('again', streaming(chunk({ content: 'ok' }, 'stop') + usage + DONE));
    await told(`${name}/again`, true, {
      messages: [
        { role: 'system', content: 'Be brief' },
        { role: 'user', content: 'Hello' },
        {
          role: 'assistant',
          tool_calls: [{ id: 'call_a', type: 'function', function: { name: 'one', arguments: '{"n":1}' } }],
        },
        { role: 'tool', tool_call_id: 'call_a', content: 'it is 7' },
      ],
      temperature: 0.25,
      max_tokens: 50,
      stop: ['END'],
    });
    const body = JSON.parse(upstream.for('again').at(-1)?.body.toString() ?? '') as Record<string, unknown>;
    expect(body).toMatchObject({
      temperature: 0.25,
      max_tokens: 50,
      stop: ['END'],
      messages: [
        { role: 'system', content: 'Be brief' },
        { role: 'user', content: 'Hello' },
        { role: 'assistant', tool_calls: [{ id: 'call_a', function: { name: 'one', arguments: '{"n":1}' } }] },
        { role: 'tool', tool_call_id: 'call_a', content: 'it is 7' },
      ],
    });
  });

  test.each([true, false])('that is cut off never ends well (streamed: %s)', async (stream) => {
    upstream.on('cut', streaming(chunk({ content: 'Hel' }) + chunk({ content: 'lo' })));
    const answer = await told(`${name}/cut`, stream);
    expect(answer.normalEnd).toBe(false);
    expect(answer.error).toBeDefined();
  });

  test('whose connection breaks in the middle tells of an error in the stream', async () => {
    upstream.on('reset', async (reply) => {
      reply.head(200, { 'content-type': 'text/event-stream' });
      await reply.write(chunk({ content: 'Hello' }));
      reply.reset();
    });
    const answer = await told(`${name}/reset`, true);
    expect(answer).toMatchObject({ normalEnd: false, text: 'Hello' });
    expect(answer.error).toBeDefined();
  });

  test.each([
    [400, 'a bad request', 400],
    [401, 'canary: your key sk-1 is wrong', 502],
    [429, 'slow down', 429],
    [500, 'it broke', 502],
  ])('that is refused with %i tells its client in the own words of the format', async (status, message, seen) => {
    upstream.on(
      'refused',
      answering(status, { 'content-type': 'application/json' }, JSON.stringify({ error: { message } })),
    );
    const answer = await ask(`${name}/refused`, true).done;
    expect(answer.status).toBe(seen);
    const text = Peek.parse(answer.body.toString()).at('error', 'message').text;
    if (status === 401) expect(text).not.toContain('canary');
    else expect(text).toContain(message);
    expect(upstream.for('refused').length).toBeGreaterThan(0);
  });

  test('is stopped when its client leaves', async () => {
    upstream.on('endless', async (reply, { abandoned }) => {
      reply.head(200, { 'content-type': 'text/event-stream' });
      await reply.write(chunk({ content: 'Hello' }));
      await abandoned;
    });
    const exchange = ask(`${name}/endless`, true);
    await exchange.until('Hello');
    exchange.socket.destroy();
    await expect(upstream.for('endless').at(-1)?.abandoned).resolves.toBeUndefined();
  });

  test.skipIf(!haveRecordings)('reads what real providers answered', async () => {
    // Texts of one choice that ended by themselves: what is odd beyond that is between the package and the provider.
    const plain = answersOf('openai-chat').filter(
      ({ streaming: streamed, text_sha256: text, tool_calls: calls, finish_reason: finish }) =>
        streamed && text !== null && calls.length === 0 && finish.length === 1 && finish[0] === 'stop',
    );
    // The package of version 2 is older than contents that are lists.
    const isTooNew = (file: string): boolean => name === 'v2' && /mistral_v1_chat|mistral_hybrid/.test(file);
    expect(plain.length).toBeGreaterThan(20);
    const read = await Promise.all(
      plain.map(async (recording, at) => {
        upstream.on(`recorded-${at}`, replaying(recording, 64));
        const { text, normalEnd } = await told(`${name}/recorded-${at}`, true);
        return [recording.file, normalEnd, createHash('sha256').update(text).digest('hex')];
      }),
    );
    const nothing = createHash('sha256').digest('hex');
    expect(read).toEqual(
      plain.map(({ file, text_sha256: text }) => (isTooNew(file) ? [file, false, nothing] : [file, true, text])),
    );
  });
});

test('thoughts that a package has sealed go back to their provider byte for byte, through a client that drops them', async () => {
  const event = (data: { readonly type: string } & Readonly<Record<string, unknown>>): string =>
    `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
  upstream.on(
    'thinks',
    streaming(
      event({
        type: 'message_start',
        message: {
          id: 'msg_1',
          type: 'message',
          role: 'assistant',
          model: 'thinks',
          content: [],
          stop_reason: null,
          stop_sequence: null,
          usage: { input_tokens: 9, output_tokens: 1 },
        },
      }) +
        event({
          type: 'content_block_start',
          index: 0,
          content_block: { type: 'thinking', thinking: '', signature: '' },
        }) +
        event({ type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'I should ask' } }) +
        event({ type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: 'c2lnbmVk+/=' } }) +
        event({ type: 'content_block_stop', index: 0 }) +
        event({
          type: 'content_block_start',
          index: 1,
          content_block: { type: 'tool_use', id: 'toolu_1', name: 'one', input: {} },
        }) +
        event({ type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '{"n":1}' } }) +
        event({ type: 'content_block_stop', index: 1 }) +
        event({
          type: 'message_delta',
          delta: { stop_reason: 'tool_use', stop_sequence: null },
          usage: { output_tokens: 20 },
        }) +
        event({ type: 'message_stop' }),
    ),
  );
  const tools = [{ type: 'function', function: { name: 'one', parameters: { type: 'object' } } }];
  const first = await told('claude/thinks', true, { tools });
  expect(first).toMatchObject({ broken: [], normalEnd: true, reasoning: 'I should ask', calls: [{ id: 'toolu_1' }] });
  await told('claude/thinks', true, {
    tools,
    messages: [
      { role: 'user', content: 'Hello' },
      {
        role: 'assistant',
        tool_calls: [{ id: 'toolu_1', type: 'function', function: { name: 'one', arguments: '{"n":1}' } }],
      },
      { role: 'tool', tool_call_id: 'toolu_1', content: '7' },
    ],
  });
  const sent = JSON.parse(upstream.for('thinks').at(-1)?.body.toString() ?? '') as { readonly messages: unknown };
  expect(sent.messages).toMatchObject([
    { role: 'user' },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'I should ask', signature: 'c2lnbmVk+/=' },
        { type: 'tool_use', id: 'toolu_1', name: 'one', input: { n: 1 } },
      ],
    },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1' }] },
  ]);
});

test('a package that is not installed, or is no provider, is told with what to do, as an HTTP error', async () => {
  const missing = await ask('missing/m', true).done;
  expect([missing.status, missing.body.toString()]).toEqual([
    500,
    expect.stringContaining('npm install @ai-sdk/not-installed-here'),
  ]);
  const nothing = await ask('nothing/m', false).done;
  expect([nothing.status, nothing.body.toString()]).toEqual([500, expect.stringContaining("'yaml'")]);
});

test('an upstream that cannot be reached, and one that stays silent, are told by the status of their kind', async () => {
  expect((await ask('gone/m', true).done).status).toBe(502);
  upstream.on('silent', (reply) => reply.head(200, { 'content-type': 'text/event-stream' }));
  const silent = await ask('hasty/silent', true).done;
  expect(silent.status).toBe(504);
  await upstream.for('silent').at(-1)?.abandoned;
});

test('what could not be said is named in a header and counted in the record', async () => {
  upstream.on('lossy', streaming(chunk({ content: 'ok' }, 'stop') + usage + DONE));
  const answer = await ask('v4/lossy', false, { user: 'u', logprobs: true }).done;
  expect(String(answer.headers['streamweir-dropped']).split(',')).toEqual(expect.arrayContaining(['user', 'logprobs']));
  const record = Peek.parse(gateway.log.at(-1) ?? '');
  expect(record.at('protocol').text).toBe('ai-sdk');
});

test('a package speaks: its sound is the body', async () => {
  upstream.on('voice', answering(200, { 'content-type': 'audio/mpeg' }, Buffer.from([1, 2, 3, 0, 255])));
  const body = JSON.stringify({ model: 'sound/voice', input: 'Hello', voice: 'nova', response_format: 'mp3' });
  const headers = { 'content-type': 'application/json' };
  const answer = await new RawExchange(gateway.url, { path: '/v1/audio/speech', headers, body }).done;
  expect([answer.status, [...answer.body]]).toEqual([200, [1, 2, 3, 0, 255]]);
  const sent = upstream.for('voice').at(-1);
  expect(JSON.parse(sent?.body.toString() ?? '')).toMatchObject({
    input: 'Hello',
    voice: 'nova',
    response_format: 'mp3',
  });
});

test('a package writes down what was uploaded, and says what it could not', async () => {
  upstream.on('ear', answering(200, { 'content-type': 'application/json' }, '{"text":"Hello there","duration":1.5}'));
  const part = (head: string, content: string): string =>
    `--cut\r\nContent-Disposition: form-data; ${head}\r\n\r\n${content}\r\n`;
  // A field behind the file counts as well.
  const body = `${part('name="model"', 'sound/ear')}${part('name="file"; filename="a.wav"', 'RIFF-sound')}${part('name="response_format"', 'verbose_json')}--cut--\r\n`;
  const answer = await new RawExchange(gateway.url, {
    path: '/v1/audio/transcriptions',
    headers: { 'content-type': 'multipart/form-data; boundary=cut' },
    body,
  }).done;
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.body.toString())).toMatchObject({ text: 'Hello there', duration: 1.5 });
  expect(upstream.for('ear').at(-1)?.body.toString('latin1')).toContain('RIFF-sound');
});

test('what a package is refused while it speaks is an HTTP error, and what it cannot do is told', async () => {
  upstream.on('mute', answering(400, { 'content-type': 'application/json' }, '{"error":{"message":"no such voice"}}'));
  const speak = (model: string): Promise<{ readonly status: number; readonly body: Buffer }> =>
    new RawExchange(gateway.url, {
      path: '/v1/audio/speech',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model, input: 'Hello', voice: 'nova' }),
    }).done;
  const refused = await speak('sound/mute');
  expect([refused.status, refused.body.toString()]).toEqual([400, expect.stringContaining('no such voice')]);
  // This one is reached for text only.
  expect((await speak('v4/mute')).status).toBe(400);
});
