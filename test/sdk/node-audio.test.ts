import OpenAI, { toFile } from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { matrixConfig } from '../matrix/cells.ts';
import { FakeUpstream, answering, streaming } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import type { Gateway } from '../support/gateway.ts';
import { toneWav } from '../support/sounds.ts';
import { speechStream, transcriptStream } from '../support/upstream-bodies.ts';

const WAV = toneWav(0.3);
const PIECES = ['Hé', 'llo ', '日本', '.'];

// Audio paths hang off the base URL of any provider, whatever text protocol it speaks.
describe.each(['chat', 'resp', 'comp'])('the official npm client, audio over provider %s', (provider) => {
  let upstream: FakeUpstream;
  let gateway: Gateway;
  let client: OpenAI;

  beforeAll(async () => {
    upstream = await FakeUpstream.start();
    gateway = await startGateway(matrixConfig(upstream));
    client = new OpenAI({ apiKey: 'any', baseURL: `${gateway.url}/v1`, maxRetries: 0 });
  });

  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });

  test('SP-02 speech arrives as the file it is', async () => {
    upstream.on('voice', answering(200, { 'content-type': 'audio/wav' }, WAV, 64));
    const response = await client.audio.speech.create({
      model: `${provider}/voice`,
      input: 'Hello.',
      voice: 'alloy',
      response_format: 'wav',
    });
    expect(response.headers.get('content-type')).toBe('audio/wav');
    expect(Buffer.from(await response.arrayBuffer()).equals(WAV)).toBe(true);
  });

  test('SP-04 SP-05 speech in events decodes to the file', async () => {
    for (const play of [
      streaming(speechStream([WAV.subarray(0, 1000), WAV.subarray(1000)]), 7),
      answering(200, { 'content-type': 'audio/wav' }, WAV, 64),
    ]) {
      upstream.on('voice', play);
      const response = await client.audio.speech.create({
        model: `${provider}/voice`,
        input: 'Hello.',
        voice: 'alloy',
        stream_format: 'sse',
        response_format: 'wav',
      });
      const audio = [...(await response.text()).matchAll(/"audio":"([^"]+)"/g)].map(([, base64]) =>
        Buffer.from(base64 ?? '', 'base64'),
      );
      expect(Buffer.concat(audio).equals(WAV)).toBe(true);
    }
  });

  test('TR-03 TR-05 a transcription, whole and streamed, whatever the upstream answers with', async () => {
    const text = PIECES.join('');
    for (const play of [
      streaming(transcriptStream(PIECES), 7),
      answering(200, { 'content-type': 'application/json' }, JSON.stringify({ text }), 7),
    ]) {
      upstream.on('ear', play);
      const model = `${provider}/ear`;
      const whole = await client.audio.transcriptions.create({ model, file: await toFile(WAV, 'a.wav') });
      expect(whole.text).toBe(text);
      let told = '';
      let done = '';
      for await (const event of await client.audio.transcriptions.create({
        model,
        file: await toFile(WAV, 'a.wav'),
        stream: true,
      })) {
        if (event.type === 'transcript.text.delta') told += event.delta;
        if (event.type === 'transcript.text.done') done = event.text;
      }
      expect([told, done]).toEqual([text, text]);
    }
  });

  test('SP-03 TR-07 what breaks off raises', async () => {
    upstream.on('voice', (reply) => {
      reply.head(200, { 'content-type': 'audio/wav' });
      reply.cut(WAV.subarray(0, 2000), 64);
      setTimeout(() => reply.reset(), 20);
    });
    const speak = async (): Promise<ArrayBuffer> =>
      (await client.audio.speech.create({ model: `${provider}/voice`, input: 'Hello.', voice: 'alloy' })).arrayBuffer();
    await expect(speak()).rejects.toThrow(/terminated|aborted|closed/i);
    const whole = transcriptStream(PIECES);
    upstream.on('ear', streaming(whole.slice(0, whole.indexOf('transcript.text.done')), 64));
    const listen = async (): Promise<void> => {
      for await (const _event of await client.audio.transcriptions.create({
        model: `${provider}/ear`,
        file: await toFile(WAV, 'a.wav'),
        stream: true,
      }));
    };
    await expect(listen()).rejects.toThrow(OpenAI.APIError);
  });
});
