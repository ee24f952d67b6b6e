import { afterAll, beforeAll, expect, test } from 'vitest';
import { answering, streaming } from '../support/fake-upstream.ts';
import { Peek } from '../support/peek.ts';
import { RawExchange } from '../support/raw-client.ts';
import { chunk, ENDING, openBridge, VERSIONS } from './stage.ts';
import type { BridgeStage } from './stage.ts';

let stage: BridgeStage;
beforeAll(async () => {
  stage = await openBridge((url) => [
    `claude: { package: "@ai-sdk/anthropic", base_url: "${url}", api_key: upstream-secret }`,
    'missing: { package: "@ai-sdk/not-installed-here" }',
    `sound: { package: "@ai-sdk/openai", base_url: "${url}", api_key: upstream-secret, tasks: { speech: ai-sdk, transcription: ai-sdk } }`,
    'nothing: { package: "yaml" }',
    `gone: { package: "${VERSIONS.v4}", base_url: "http://127.0.0.1:1/v1" }`,
    `hasty: { package: "${VERSIONS.v4}", base_url: "${url}", timeout: 150ms }`,
  ]);
});
afterAll(() => stage.close());

const event = (data: { readonly type: string } & Readonly<Record<string, unknown>>): string =>
  `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
const opened = (index: number, block: object): string =>
  event({ type: 'content_block_start', index, content_block: block });
const delta = (index: number, piece: object): string => event({ type: 'content_block_delta', index, delta: piece });
const closed = (index: number): string => event({ type: 'content_block_stop', index });
const MESSAGE = { id: 'msg_1', type: 'message', role: 'assistant', model: 'thinks', content: [], stop_reason: null };

// A signed thought, then a call.
const THINKING = [
  event({
    type: 'message_start',
    message: { ...MESSAGE, stop_sequence: null, usage: { input_tokens: 9, output_tokens: 1 } },
  }),
  opened(0, { type: 'thinking', thinking: '', signature: '' }),
  delta(0, { type: 'thinking_delta', thinking: 'I should ask' }),
  delta(0, { type: 'signature_delta', signature: 'c2lnbmVk+/=' }),
  closed(0),
  opened(1, { type: 'tool_use', id: 'toolu_1', name: 'one', input: {} }),
  delta(1, { type: 'input_json_delta', partial_json: '{"n":1}' }),
  closed(1),
  event({
    type: 'message_delta',
    delta: { stop_reason: 'tool_use', stop_sequence: null },
    usage: { output_tokens: 20 },
  }),
  event({ type: 'message_stop' }),
].join('');

test('thoughts that a package has sealed go back to their provider byte for byte, through a client that drops them', async () => {
  stage.upstream.on('thinks', streaming(THINKING));
  const tools = [{ type: 'function', function: { name: 'one', parameters: { type: 'object' } } }];
  const first = await stage.told('claude/thinks', true, { tools });
  expect(first).toMatchObject({ broken: [], normalEnd: true, reasoning: 'I should ask', calls: [{ id: 'toolu_1' }] });
  await stage.told('claude/thinks', true, {
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
  const sent = JSON.parse(stage.upstream.for('thinks').at(-1)?.body.toString() ?? '') as { readonly messages: unknown };
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
  const missing = await stage.ask('missing/m', true).done;
  expect([missing.status, missing.body.toString()]).toEqual([
    500,
    expect.stringContaining('npm install @ai-sdk/not-installed-here'),
  ]);
  const nothing = await stage.ask('nothing/m', false).done;
  expect([nothing.status, nothing.body.toString()]).toEqual([500, expect.stringContaining("'yaml'")]);
});

test('an upstream that cannot be reached, and one that stays silent, are told by the status of their kind', async () => {
  expect((await stage.ask('gone/m', true).done).status).toBe(502);
  stage.upstream.on('silent', (reply) => reply.head(200, { 'content-type': 'text/event-stream' }));
  const silent = await stage.ask('hasty/silent', true).done;
  expect(silent.status).toBe(504);
  await stage.upstream.for('silent').at(-1)?.abandoned;
});

test('what could not be said is named in a header and counted in the record', async () => {
  stage.upstream.on('lossy', streaming(chunk({ content: 'ok' }, 'stop') + ENDING));
  const answer = await stage.ask('v4/lossy', false, { user: 'u', logprobs: true }).done;
  expect(String(answer.headers['streamweir-dropped']).split(',')).toEqual(expect.arrayContaining(['user', 'logprobs']));
  const record = Peek.parse(stage.gateway.log.at(-1) ?? '');
  expect(record.at('protocol').text).toBe('ai-sdk');
});

test('a package speaks: its sound is the body', async () => {
  stage.upstream.on('voice', answering(200, { 'content-type': 'audio/mpeg' }, Buffer.from([1, 2, 3, 0, 255])));
  const body = JSON.stringify({ model: 'sound/voice', input: 'Hello', voice: 'nova', response_format: 'mp3' });
  const headers = { 'content-type': 'application/json' };
  const answer = await new RawExchange(stage.gateway.url, { path: '/v1/audio/speech', headers, body }).done;
  expect([answer.status, [...answer.body]]).toEqual([200, [1, 2, 3, 0, 255]]);
  const sent = stage.upstream.for('voice').at(-1);
  expect(JSON.parse(sent?.body.toString() ?? '')).toMatchObject({
    input: 'Hello',
    voice: 'nova',
    response_format: 'mp3',
  });
});

test('a package writes down what was uploaded, and says what it could not', async () => {
  stage.upstream.on(
    'ear',
    answering(200, { 'content-type': 'application/json' }, '{"text":"Hello there","duration":1.5}'),
  );
  const part = (head: string, content: string): string =>
    `--cut\r\nContent-Disposition: form-data; ${head}\r\n\r\n${content}\r\n`;
  // A field behind the file counts as well.
  const body = `${part('name="model"', 'sound/ear')}${part('name="file"; filename="a.wav"', 'RIFF-sound')}${part('name="response_format"', 'verbose_json')}--cut--\r\n`;
  const answer = await new RawExchange(stage.gateway.url, {
    path: '/v1/audio/transcriptions',
    headers: { 'content-type': 'multipart/form-data; boundary=cut' },
    body,
  }).done;
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.body.toString())).toMatchObject({ text: 'Hello there', duration: 1.5 });
  expect(stage.upstream.for('ear').at(-1)?.body.toString('latin1')).toContain('RIFF-sound');
});

test('what a package is refused while it speaks is an HTTP error, and what it cannot do is told', async () => {
  stage.upstream.on(
    'mute',
    answering(400, { 'content-type': 'application/json' }, '{"error":{"message":"no such voice"}}'),
  );
  const speak = (model: string): Promise<{ readonly status: number; readonly body: Buffer }> =>
    new RawExchange(stage.gateway.url, {
      path: '/v1/audio/speech',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model, input: 'Hello', voice: 'nova' }),
    }).done;
  const refused = await speak('sound/mute');
  expect([refused.status, refused.body.toString()]).toEqual([400, expect.stringContaining('no such voice')]);
  // This one is reached for text only.
  expect((await speak('v4/mute')).status).toBe(400);
});
