import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { answering, replaying } from '../support/fake-upstream.ts';
import type { Play } from '../support/fake-upstream.ts';
import { AWS_TYPE, awsChunk, awsException } from '../support/aws-frames.ts';
import { faultOfSignature } from '../support/aws-signature.ts';
import { bodyOf, haveRecordings, recordings } from '../support/recordings.ts';
import { RawExchange } from '../support/raw-client.ts';
import { readMessageStream } from '../support/read-messages.ts';
import { TEXT_CLIENTS } from '../support/text-requests.ts';
import { fixture } from '../protocols/exchange.ts';
import { MODEL, SECRET, openCloud } from './bedrock-stage.ts';

const CLAUDE: readonly unknown[] = fixture('anthropic-messages/thinking-and-calls/streamed.sse')
  .toString()
  .split('\n')
  .flatMap((line) => (line.startsWith('data: ') ? [line.slice('data: '.length)] : []));

describe('Claude in its own format', () => {
  const withMetrics = [
    ...CLAUDE.slice(0, -1),
    String(CLAUDE.at(-1)).replace(/\}\s*$/, ',"amazon-bedrock-invocationMetrics":{"inputTokenCount":1}}'),
  ];
  const body = Buffer.concat(withMetrics.map(awsChunk));

  test("the signature of a Messages call holds for the client's own bytes", async () => {
    const { ask, asked } = await openCloud(answering(200, AWS_TYPE, Buffer.concat(CLAUDE.map(awsChunk))));
    await ask('anthropic-messages', 'claude');
    expect(faultOfSignature(asked(), SECRET)).toBeUndefined();
  });

  test.each([1, 7, 64, 4096])(
    'FM-27 passes to a Messages client in another framing, at %d bytes a time',
    async (size) => {
      const { ask, asked, record } = await openCloud(answering(200, AWS_TYPE, body, size));
      const answer = await ask('anthropic-messages', 'claude');
      const told = readMessageStream(answer);
      expect(told).toMatchObject({ normalEnd: true, error: undefined, broken: [] });
      const payloads = answer.body
        .toString()
        .split('\n')
        .filter((line) => line.startsWith('data: '));
      expect(payloads.slice(1, -1).map((line) => line.slice(6))).toEqual(withMetrics.slice(1, -1));
      expect((await record()).at('gear').value).toBe('frames');
      const sent = JSON.parse(asked().body.toString()) as Readonly<Record<string, unknown>>;
      expect(asked().path).toBe(`/model/${encodeURIComponent(MODEL)}/invoke-with-response-stream`);
      expect(sent).toMatchObject({ anthropic_version: 'bedrock-2023-05-31' });
      expect(Object.keys(sent)).not.toEqual(expect.arrayContaining(['model']));
    },
  );

  test('is told to a chat client', async () => {
    const { ask } = await openCloud(answering(200, AWS_TYPE, body, 100));
    const told = TEXT_CLIENTS['openai-chat'].read(await ask('openai-chat', 'claude'), true);
    expect(told).toMatchObject({ normalEnd: true, error: undefined, broken: [] });
    expect(told.calls.length).toBeGreaterThan(0);
  });

  test('FM-26 an exception is an HTTP error first and an event later', async () => {
    const exception = awsException('throttlingException', { message: 'Slow.' });
    const first = await openCloud(answering(200, AWS_TYPE, exception));
    expect((await first.ask('anthropic-messages', 'claude')).status).toBe(429);
    const later = await openCloud(
      answering(200, AWS_TYPE, Buffer.concat([...CLAUDE.slice(0, 4).map(awsChunk), exception])),
    );
    const told = readMessageStream(await later.ask('anthropic-messages', 'claude'));
    expect(told).toMatchObject({ error: 'Slow.', normalEnd: false, broken: [] });
  });

  test('each event leaves before the next one comes', async () => {
    let next: (() => void) | undefined;
    const gate = new Promise<void>((resolve) => (next = resolve));
    const play: Play = async (reply) => {
      reply.head(200, AWS_TYPE);
      await reply.write(Buffer.concat(CLAUDE.slice(0, 3).map(awsChunk)));
      await gate;
      reply.end(Buffer.concat(CLAUDE.slice(3).map(awsChunk)));
    };
    const { gateway } = await openCloud(play);
    const request = { ...TEXT_CLIENTS['anthropic-messages'].request(`claude/${MODEL}`, true, true) };
    const exchange = new RawExchange(gateway.url, {
      path: '/v1/messages',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(request),
    });
    await exchange.until('content_block_delta');
    next?.();
    expect(readMessageStream(await exchange.done).normalEnd).toBe(true);
  });
});

const sha = (text: string): string | null => (text === '' ? null : createHash('sha256').update(text).digest('hex'));
const recorded = recordings().filter(({ wire }) => wire.startsWith('bedrock-converse#invoke'));
const streams = recorded.filter(({ features }) => features.includes('inner:anthropic'));
const wholes = recorded.filter(
  ({ streaming, features }) => !streaming && features.some((each) => each.startsWith('block:')),
);

describe.skipIf(!haveRecordings)('recorded answers of Claude', () => {
  test('there are some of each kind', () => {
    expect(streams.length).toBeGreaterThan(7);
    expect(wholes.length).toBeGreaterThan(3);
  });

  test.each(streams.flatMap((recording) => [1, 7, 64, 4096].map((size) => [recording, size] as const)))(
    'UP-01 FM-27 $0.file reaches a Messages client at $1 bytes a time, and costs what it says',
    async (recording, size) => {
      const { ask, record } = await openCloud(replaying(recording, size));
      const told = readMessageStream(await ask('anthropic-messages', 'claude'));
      expect(told).toMatchObject({ normalEnd: true, error: undefined, broken: [], finish: recording.finish_reason[0] });
      expect([sha(told.text), sha(told.reasoning)]).toEqual([recording.text_sha256, recording.reasoning_sha256]);
      expect(told.calls.map(({ name }) => name)).toEqual(recording.tool_calls.map(({ name }) => name));
      const line = await record();
      expect(line.at('gear').value).toBe('frames');
      const { input_tokens: input, output_tokens: output } = recording.usage ?? {};
      expect([line.at('tokens').at('input').value, line.at('tokens').at('output').value]).toEqual([input, output]);
    },
  );

  test.each(wholes)('$file passes whole as it came', async (recording) => {
    const { ask, record } = await openCloud(replaying(recording, 100));
    const answer = await ask('anthropic-messages', 'claude', false);
    expect(answer.body.toString()).toBe(bodyOf(recording).toString());
    expect((await record()).at('gear').value).toBe('bytes');
  });
});
