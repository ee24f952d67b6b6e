import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FakeUpstream } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import type { Gateway } from '../support/gateway.ts';
import { inParallel } from '../support/pool.ts';
import { exchange, postJson } from '../support/raw-client.ts';
import type { RawAnswer } from '../support/raw-client.ts';
import { readAudioStream } from '../support/read-audio.ts';
import { formBody, toneWav } from '../support/sounds.ts';
import { speechStream, transcriptStream } from '../support/upstream-bodies.ts';
import { errorFaults, matrixConfig } from './cells.ts';

const WAV = toneWav(0.2);
const SPEECH = Buffer.from(speechStream([WAV.subarray(0, 700), WAV.subarray(700, 1500), WAV.subarray(1500)]));
const TRANSCRIPT = Buffer.from(transcriptStream(['Hé', 'llo ', '日本', '.']));

/** Every event boundary and a stride of places inside events, before the JSON of the done event is whole. */
function cutsOf(body: Buffer, done: string): readonly number[] {
  const end = body.indexOf('\n\n', body.indexOf(done));
  const cuts = new Set<number>([0, end - 1]);
  for (let at = body.indexOf('\n\n'); at >= 0 && at + 2 < end; at = body.indexOf('\n\n', at + 2)) cuts.add(at + 2);
  for (let at = 1; at < end; at += Math.max(7, Math.floor(end / 60))) cuts.add(at);
  return [...cuts];
}

describe('sound and transcript that are cut off', () => {
  let upstream: FakeUpstream;
  let gateway: Gateway;

  beforeAll(async () => {
    upstream = await FakeUpstream.start();
    gateway = await startGateway(matrixConfig(upstream));
  });

  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });

  function cutAt(bytes: Uint8Array, type: string, reset: boolean): string {
    const model = `${type}#${bytes.length}#${reset}`;
    upstream.on(model, (reply) => {
      reply.head(200, { 'content-type': type });
      reply.cut(bytes, 1024);
      if (reset) setImmediate(() => reply.reset());
      else reply.end();
    });
    return `chat/${model}`;
  }

  function speak(model: string, delivery: 'sse' | 'audio'): Promise<RawAnswer> {
    return postJson(gateway.url, '/v1/audio/speech', {
      model,
      input: 'Hello.',
      voice: 'alloy',
      stream_format: delivery,
      response_format: 'wav',
    });
  }

  test('SP-04 a speech stream never ends normally', async () => {
    const cells = cutsOf(SPEECH, 'speech.audio.done').flatMap((cut) => [true, false].map((reset) => ({ cut, reset })));
    const faults = await inParallel(cells, 16, async ({ cut, reset }) => {
      const told = readAudioStream(await speak(cutAt(SPEECH.subarray(0, cut), 'text/event-stream', reset), 'sse'));
      return errorFaults(told).map((fault) => `${cut} of ${SPEECH.length}, reset ${reset}: ${fault}`);
    });
    expect(faults.flat().slice(0, 30)).toEqual([]);
  });

  test('SP-03 raw sound never ends cleanly: the connection is aborted, also where the upstream sends events', async () => {
    const raw = [1, 44, 700, WAV.length - 1].map((cut) => cutAt(WAV.subarray(0, cut), 'audio/wav', true));
    const events = cutsOf(SPEECH, 'speech.audio.done').map((cut) =>
      cutAt(SPEECH.subarray(0, cut), 'text/event-stream', false),
    );
    const ends = await inParallel([...raw, ...events], 16, async (model) => {
      const answer = await speak(model, 'audio');
      return answer.status >= 400 || answer.end === 'aborted' ? '' : `${model}: HTTP ${answer.status}, ${answer.end}`;
    });
    expect(ends.filter((fault) => fault !== '')).toEqual([]);
  });

  test('TR-07 a transcription never ends with done', async () => {
    const cells = cutsOf(TRANSCRIPT, 'transcript.text.done').flatMap((cut) =>
      [true, false].map((reset) => ({ cut, reset })),
    );
    const faults = await inParallel(cells, 16, async ({ cut, reset }) => {
      const form = formBody([
        ['model', cutAt(TRANSCRIPT.subarray(0, cut), 'text/event-stream', reset)],
        ['stream', 'true'],
        ['file', WAV],
      ]);
      const answer = await exchange(gateway.url, {
        path: '/v1/audio/transcriptions',
        headers: { 'content-type': form.type },
        body: form.body,
      });
      const told = readAudioStream(answer);
      const found = [...errorFaults(told), ...(told.doneText === '' ? [] : ['a done event'])];
      return found.map((fault) => `${cut} of ${TRANSCRIPT.length}, reset ${reset}: ${fault}`);
    });
    expect(faults.flat().slice(0, 30)).toEqual([]);
  });
});
