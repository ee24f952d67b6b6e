import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { matrixConfig, PROVIDER } from '../matrix/cells.ts';
import { FakeUpstream, answering, streaming } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import type { Gateway } from '../support/gateway.ts';
import { Peek } from '../support/peek.ts';
import { python, run } from '../support/processes.ts';
import { toneWav } from '../support/sounds.ts';
import { WIRES, speechStream, transcriptStream } from '../support/upstream-bodies.ts';
import { PYTHON_CLIENT } from './python-client.ts';

const PROTOCOLS = ['openai-chat', 'openai-responses', 'openai-completions'] as const;
const PIECES = ['Café ', '日本', ' 🦀\u2028\u0085', 'end'];
const TEXT = PIECES.join('');
const CALL = { id: 'call_abc', name: 'get_weather', args: ['{"city":', '"Zürich"}'] };
const WAV = toneWav(0.2);

describe.skipIf(python === undefined)('the official Python client', () => {
  let upstream: FakeUpstream;
  let gateway: Gateway;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'streamweir-'));
    await writeFile(join(folder, 'client.py'), PYTHON_CLIENT);
    await writeFile(join(folder, 'audio.wav'), WAV);
    upstream = await FakeUpstream.start();
    gateway = await startGateway(matrixConfig(upstream));
    const json = { 'content-type': 'application/json' };
    for (const protocol of PROTOCOLS) {
      const wire = WIRES[protocol];
      const text = { text: PIECES, usage: { input: 21, output: 8 } };
      upstream.on(`${protocol}-stream`, streaming(wire.stream(text), 7));
      upstream.on(`${protocol}-whole`, answering(200, json, wire.whole(text), 64));
      upstream.on(`${protocol}-call-stream`, streaming(wire.stream({ call: CALL }), 7));
      upstream.on(`${protocol}-call-whole`, answering(200, json, wire.whole({ call: CALL }), 64));
      const body = wire.stream({ text: ['one ', 'two ', 'three'] });
      upstream.on(`${protocol}-cut`, streaming(body.slice(0, body.indexOf('three')), 64));
      upstream.on(
        `${protocol}-refused`,
        answering(
          429,
          json,
          '{"error":{"message":"Too many.","type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"}}',
        ),
      );
    }
    upstream.on('voice', answering(200, { 'content-type': 'audio/wav' }, WAV, 64));
    upstream.on('voice-sse', streaming(speechStream([WAV.subarray(0, 1000), WAV.subarray(1000)]), 7));
    upstream.on('ear', streaming(transcriptStream(PIECES), 7));
    upstream.on('ear-whole', answering(200, json, JSON.stringify({ text: TEXT }), 7));
  });

  afterAll(async () => {
    await gateway.close();
    await upstream.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Runs one scenario of the Python program and gives what it printed, as JSON. */
  async function told(scenario: string, model: string): Promise<Peek> {
    const { code, stdout, stderr } = await run(python ?? '', ['client.py', `${gateway.url}/v1`, scenario, model], {
      cwd: folder,
      env: { PYTHONUTF8: '1' },
    });
    expect(code, stderr).toBe(0);
    return Peek.parse(stdout.toString());
  }

  test.each(PROTOCOLS)(
    'reads text over %s: chat, responses and completions, whole, streamed and with stream()',
    async (protocol) => {
      const model = `${PROVIDER[protocol]}/${protocol}`;
      const answers = (await told('text', model)).value;
      expect(answers).toEqual({
        chat_whole: [TEXT, 'stop', 29],
        chat_stream: [TEXT, 'stop'],
        chat_runner: [TEXT, 29],
        responses_whole: [TEXT, 'completed', 29],
        responses_stream: [TEXT, 'response.created', 'response.completed'],
        responses_runner: [TEXT, 29],
        completions_whole: [TEXT, 'stop'],
        completions_stream: TEXT,
      });
    },
  );

  test.each(['openai-chat', 'openai-responses'] as const)('CC-15 CC-16 reads tool calls over %s', async (protocol) => {
    const call = [CALL.id, CALL.name, CALL.args.join('')];
    expect((await told('calls', `${PROVIDER[protocol]}/${protocol}-call`)).value).toEqual({
      chat_whole: call,
      chat_runner: call,
      responses_whole: call,
      responses_runner: call,
    });
  });

  test.each(PROTOCOLS)('CC-25 CC-26 OR-45 OR-48 raises for errors of %s before and in the stream', async (protocol) => {
    const model = `${PROVIDER[protocol]}/${protocol}`;
    expect((await told('errors', model)).value).toEqual({
      refused_chat: ['RateLimitError', 429, 'rate_limit_exceeded'],
      refused_responses: ['RateLimitError', 429, 'rate_limit_exceeded'],
      refused_completions: ['RateLimitError', 429, 'rate_limit_exceeded'],
      cut_chat: ['APIError', null, 'upstream_bad_response'],
      cut_responses: ['APIError', null, 'upstream_bad_response'],
      cut_completions: ['APIError', null, 'upstream_bad_response'],
      cut_whole: ['InternalServerError', 502, 'upstream_bad_response'],
    });
  });

  test.each(['chat', 'resp', 'comp'])('SP-02 SP-04 TR-03 TR-05 hears and speaks over provider %s', async (provider) => {
    const base64 = WAV.toString('base64');
    expect((await told('audio', provider)).value).toEqual({
      raw: base64,
      events: base64,
      wrapped: base64,
      whole: [TEXT, TEXT],
      streamed: [
        [TEXT, TEXT],
        [TEXT, TEXT],
      ],
    });
  });
});
