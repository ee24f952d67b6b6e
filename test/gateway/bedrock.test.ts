import { describe, expect, test } from 'vitest';
import { asArray, asObject, asString, parseJson } from '../../src/model/json.ts';
import { answering } from '../support/fake-upstream.ts';
import type { Play } from '../support/fake-upstream.ts';
import { AWS_TYPE, awsEvent, awsEventsOf, awsException, prelude } from '../support/aws-frames.ts';
import { faultOfSignature } from '../support/aws-signature.ts';
import { Peek } from '../support/peek.ts';
import { postJson } from '../support/raw-client.ts';
import { TEXT_CLIENTS } from '../support/text-requests.ts';
import type { TextDialect } from '../support/text-requests.ts';
import { fixture } from '../protocols/exchange.ts';
import { ID, MODEL, SECRET, openCloud } from './bedrock-stage.ts';

const streamed = (name: string): Buffer => awsEventsOf(fixture(`bedrock-converse/${name}/streamed.jsonl`).toString());
const converse = (name: string, size = 4096): Play => answering(200, AWS_TYPE, streamed(name), size);
const START = awsEvent('messageStart', { role: 'assistant' });
const HI = awsEvent('contentBlockDelta', { delta: { text: 'Hi' }, contentBlockIndex: 0 });

describe('Converse behind every dialect', () => {
  const dialects: readonly TextDialect[] = [
    'openai-chat',
    'openai-responses',
    'anthropic-messages',
    'gemini',
    'openai-completions',
  ];

  test.each(dialects.flatMap((dialect) => [1, 7, 64, 4096].map((size) => [dialect, size] as const)))(
    'UP-01 UP-07 a stream reaches %s at %d bytes a time',
    async (dialect, size) => {
      const { ask, asked, record } = await openCloud(converse('greeting', size));
      const told = TEXT_CLIENTS[dialect].read(await ask(dialect, 'signed'), true);
      expect(told).toMatchObject({ text: 'Hello 😀 世界', normalEnd: true, error: undefined, broken: [] });
      const { path, headers, body } = asked();
      expect(path).toBe(`/model/${encodeURIComponent(MODEL)}/converse-stream`);
      expect(headers['accept-encoding']).toBe('identity');
      expect(headers.accept).toContain('application/vnd.amazon.eventstream');
      expect(Object.keys(JSON.parse(body.toString()) as object)).not.toContain('stream');
      const tokens = (await record()).at('tokens');
      expect([tokens.at('input').value, tokens.at('output').value]).toEqual([411, 7]);
    },
  );

  test.each(dialects)('a whole answer reaches %s, asked for as a stream', async (dialect) => {
    const { ask } = await openCloud(converse('greeting'));
    const told = TEXT_CLIENTS[dialect].read(await ask(dialect, 'signed', false), false);
    expect(told).toMatchObject({ text: 'Hello 😀 世界', normalEnd: true, error: undefined, broken: [] });
  });

  test('UP-06 a stream without its content type, and a whole body where a stream was asked for, are read', async () => {
    const bare = await openCloud(answering(200, {}, streamed('greeting'), 5));
    expect(TEXT_CLIENTS['openai-chat'].read(await bare.ask('openai-chat', 'signed'), true).text).toBe('Hello 😀 世界');
    const body = fixture('bedrock-converse/greeting/whole.json');
    const whole = await openCloud(answering(200, AWS_TYPE, body));
    const told = TEXT_CLIENTS['openai-chat'].read(await whole.ask('openai-chat', 'signed'), true);
    expect(told).toMatchObject({ text: 'Hello 😀 世界', normalEnd: true, broken: [] });
  });

  test('calls, thinking and its seal come back to their model through a Messages client, byte for byte', async () => {
    const { ask, upstream } = await openCloud(converse('thinking-and-calls'));
    const answer = await ask('anthropic-messages', 'signed', false, { max_tokens: 4096 });
    const content = asArray(asObject(parseJson(answer.body.toString()))?.['content']) ?? [];
    const results = content
      .map((block) => asString(asObject(block)?.['id']))
      .flatMap((id) =>
        id === undefined
          ? []
          : [{ type: 'tool_result', tool_use_id: id, content: 'sunny', is_error: id === 'tooluse_two' }],
      );
    expect(results).toHaveLength(2);
    await ask('anthropic-messages', 'signed', false, {
      max_tokens: 4096,
      messages: [
        { role: 'user', content: 'Weather?' },
        { role: 'assistant', content },
        { role: 'user', content: results },
      ],
      tools: [{ name: 'weather', input_schema: { type: 'object' } }],
    });
    const { messages } = JSON.parse(upstream.received[1]?.body.toString() ?? '') as {
      readonly messages: readonly unknown[];
    };
    const sent = JSON.parse(fixture('bedrock-converse/thinking-and-calls/whole.json').toString()) as {
      readonly output: { readonly message: unknown };
    };
    expect(messages.slice(1)).toEqual([
      sent.output.message,
      {
        role: 'user',
        content: [
          { toolResult: { toolUseId: 'tooluse_one', content: [{ text: 'sunny' }] } },
          { toolResult: { toolUseId: 'tooluse_two', content: [{ text: 'sunny' }], status: 'error' } },
        ],
      },
    ]);
    expect(upstream.received[1]?.body.toString()).toContain('2512292042121000001');
  });

  test('a model that takes tools only whole still streams to its client', async () => {
    const { gateway, upstream } = await openCloud(converse('greeting'));
    const model = 'us.meta.llama3-3-70b-instruct-v1:0';
    upstream.on(
      model,
      answering(200, { 'content-type': 'application/json' }, fixture('bedrock-converse/thinking-and-calls/whole.json')),
    );
    const asked = TEXT_CLIENTS['openai-chat'].request(`signed/${model}`, true, true);
    const tools = [{ type: 'function', function: { name: 'weather', parameters: { type: 'object' } } }];
    const told = TEXT_CLIENTS['openai-chat'].read(
      await postJson(gateway.url, '/v1/chat/completions', { ...asked, tools }),
      true,
    );
    expect(told).toMatchObject({
      text: 'I look.',
      finish: 'tool_calls',
      normalEnd: true,
      error: undefined,
      broken: [],
    });
    expect(told.calls.map(({ name }) => name)).toEqual(['weather', 'now']);
    expect(upstream.received[0]?.path).toMatch(/\/converse$/);
  });

  test('an answer that was forced through a tool is text again', async () => {
    const { gateway, upstream } = await openCloud(converse('greeting'));
    upstream.on('amazon.nova-lite-v1:0', converse('forced-answer'));
    const schema = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] };
    const format = { type: 'json_schema', json_schema: { name: 'person', schema } };
    const answer = await postJson(gateway.url, '/v1/chat/completions', {
      model: 'signed/amazon.nova-lite-v1:0',
      messages: [{ role: 'user', content: 'Who?' }],
      response_format: format,
    });
    const choice = Peek.parse(answer.body.toString()).at('choices').list[0];
    expect(choice?.at('message').at('content').value).toBe('{"name": "Ada"}');
    expect(choice?.at('finish_reason').value).toBe('stop');
    const sent = Peek.parse(upstream.received[0]?.body.toString() ?? '').at('toolConfig');
    expect(sent.at('toolChoice').value).toEqual({ tool: { name: 'person' } });
  });
});

describe('credentials', () => {
  test.each(['signed', 'session'])('%s calls carry a signature that holds for what arrived', async (name) => {
    const { ask, asked } = await openCloud(converse('greeting'));
    await ask('openai-chat', name);
    const received = asked();
    expect(faultOfSignature(received, SECRET)).toBeUndefined();
    expect(received.headers.authorization).toMatch(
      new RegExp(`Credential=${ID}/\\d{8}/eu-west-1/bedrock/aws4_request`),
    );
    expect(received.headers['x-amz-security-token']).toBe(name === 'session' ? 'a-session' : undefined);
    expect(JSON.stringify(received.headers)).not.toContain(SECRET);
  });

  test('a key of the service itself goes as it is', async () => {
    const { ask, asked } = await openCloud(converse('greeting'));
    await ask('openai-chat', 'bearer');
    expect(asked().headers.authorization).toBe('Bearer bedrock-api-key-4711');
  });
});

describe('what goes wrong', () => {
  test.each([
    ['throttlingException', 429],
    ['modelStreamErrorException', 502],
    ['validationException', 400],
    ['serviceUnavailableException', 503],
  ])('FM-26 %s as the first message is HTTP %d', async (name, status) => {
    const play = answering(200, AWS_TYPE, Buffer.concat([START, awsException(name, { message: 'What it said.' })]));
    const { ask } = await openCloud(play);
    const answer = await ask('openai-chat', 'signed');
    expect(answer.status).toBe(status);
    expect(Peek.parse(answer.body.toString()).at('error').at('message').value).toBe('What it said.');
  });

  test.each(['openai-chat', 'openai-responses', 'anthropic-messages'] as const)(
    'FM-04 FM-26 later it is told inside the stream of %s',
    async (dialect) => {
      const play = answering(
        200,
        AWS_TYPE,
        Buffer.concat([START, HI, awsException('throttlingException', { message: 'Slow.' })]),
      );
      const { ask } = await openCloud(play);
      const told = TEXT_CLIENTS[dialect].read(await ask(dialect, 'signed'), true);
      expect(told).toMatchObject({ text: 'Hi', error: 'Slow.', normalEnd: false, broken: [] });
    },
  );

  const flipped = Buffer.from(HI);
  flipped.writeUInt8(flipped.readUInt8(flipped.length - 20) ^ 1, flipped.length - 20);
  test.each([
    ['a flipped bit', Buffer.concat([START, HI, flipped])],
    ['a length of four gibibytes', Buffer.concat([START, HI, prelude(0xffffffff, 0)])],
    ['headers longer than their message', Buffer.concat([START, HI, prelude(40, 30)])],
    ['the end inside a message', Buffer.concat([START, HI, HI.subarray(0, 40)])],
    ['the end without a stop reason', Buffer.concat([START, HI])],
  ])('FM-27 UP-08 after %s the text before it stands, and the answer is an error', async (_, body) => {
    const { ask, upstream } = await openCloud(answering(200, AWS_TYPE, body, 9));
    const told = TEXT_CLIENTS['openai-chat'].read(await ask('openai-chat', 'signed'), true);
    expect(told).toMatchObject({ text: 'Hi', normalEnd: false, broken: [] });
    expect(told.error).toMatch(/^The upstream/);
    expect(upstream.received).toHaveLength(1);
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['half a prelude', START.subarray(0, 7)],
    ['half a message', START.subarray(0, 40)],
    ['zeros', Buffer.alloc(64)],
    ['text', Buffer.from('Service unavailable, come back later.')],
    ['a page', Buffer.from('<html><body>Blocked</body></html>')],
  ])('FM-27 UP-06 a body of %s is HTTP 502', async (_, body) => {
    const { ask } = await openCloud(answering(200, AWS_TYPE, body));
    expect((await ask('openai-chat', 'signed')).status).toBe(502);
  });

  test('an endless message is given up with the byte that states its length, while the upstream still sends', async () => {
    const play: Play = async (reply) => {
      reply.head(200, AWS_TYPE);
      await reply.write(Buffer.concat([START, HI, prelude(0xfffffff, 0)]));
    };
    const { ask, asked } = await openCloud(play);
    const told = TEXT_CLIENTS['openai-chat'].read(await ask('openai-chat', 'signed'), true);
    expect(told.error).toMatch(/over the limit/);
    await asked().abandoned;
  });

  test('an HTTP error is told with its message, and a refused key without it', async () => {
    const json = { 'content-type': 'application/json', 'x-amzn-errortype': 'ValidationException' };
    const wrong = await openCloud(answering(400, json, '{"message":"Malformed input request"}'));
    const answer = await wrong.ask('openai-chat', 'signed');
    expect([answer.status, answer.body.toString()]).toEqual([400, expect.stringContaining('Malformed input request')]);
    const refused = await openCloud(answering(403, json, `{"message":"The key ${ID} is expired"}`));
    const told = await refused.ask('openai-chat', 'signed');
    expect(told.status).toBe(502);
    expect(told.body.toString()).not.toContain(ID);
  });
});
