import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectSection } from '../support/doc-section.ts';
import { FakeUpstream, replaying } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import type { Gateway } from '../support/gateway.ts';
import { Peek } from '../support/peek.ts';
import { inParallel } from '../support/pool.ts';
import { exchange, postJson } from '../support/raw-client.ts';
import type { RawAnswer } from '../support/raw-client.ts';
import { readAudioStream } from '../support/read-audio.ts';
import { answersOf, bodyOf, haveRecordings } from '../support/recordings.ts';
import type { Recording } from '../support/recordings.ts';
import { formBody, toneWav } from '../support/sounds.ts';
import { CHUNK_SIZES, matrixConfig } from './cells.ts';

// JSON around a sound, which no client of the speech endpoint could play; it is handed on as the sound it holds.
const SOUND_IN_JSON =
  'openai-speech/ruby_llm__speech_basic_functionality_mistral_voxtral-mini-tts-latest_can_speak.json';

function soundOf(recording: Recording): Buffer {
  const body = bodyOf(recording);
  return recording.file === SOUND_IN_JSON
    ? Buffer.from(Peek.parse(body.toString()).at('audio_data').text, 'base64')
    : body;
}

function sha(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** `json`, or the plain format that a `.txt` recording is in. */
function formatOf(recording: Recording): string {
  return (
    recording.features.find((feature) => feature.startsWith('fmt:'))?.slice(4) ??
    (recording.features.includes('has:duration') ? 'verbose_json' : 'json')
  );
}

describe.skipIf(!haveRecordings)('every recorded sound and transcript', () => {
  let upstream: FakeUpstream;
  let gateway: Gateway;
  const counts = new Map<string, string>();
  const wav = toneWav(0.1);

  beforeAll(async () => {
    upstream = await FakeUpstream.start();
    gateway = await startGateway(matrixConfig(upstream));
  });

  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });

  async function everyCell(
    protocol: string,
    modes: readonly string[],
    run: (recording: Recording, size: number, mode: string) => Promise<readonly string[]>,
  ): Promise<void> {
    const cells = answersOf(protocol).flatMap((recording) =>
      CHUNK_SIZES.flatMap((size) => modes.map((mode) => ({ recording, size, mode }))),
    );
    const results = await inParallel(cells, 8, async ({ recording, size, mode }) => {
      upstream.on(`${recording.file}#${size}`, replaying(recording, size));
      const faults = await run(recording, size, mode);
      return faults.map((fault) => `${recording.file} at ${size}, ${mode}: ${fault}`);
    });
    const failed = results.filter((faults) => faults.length > 0);
    counts.set(protocol, `${cells.length - failed.length}/${cells.length}`);
    expect(failed.flat().slice(0, 40)).toEqual([]);
  }

  async function speech(recording: Recording, size: number, mode: string): Promise<readonly string[]> {
    const answer = await postJson(gateway.url, '/v1/audio/speech', {
      model: `chat/${recording.file}#${size}`,
      input: 'Hello.',
      voice: 'alloy',
      ...(mode === 'sse' && { stream_format: 'sse' }),
    });
    const file = soundOf(recording);
    if (mode === 'sse') {
      const told = readAudioStream(answer);
      const faults = [...told.broken];
      if (!told.normalEnd) faults.push(`did not end normally: ${told.error}`);
      if (sha(told.sound) !== sha(file)) faults.push(`sound: ${told.sound.length} bytes instead of ${file.length}`);
      if (!told.usage.given) faults.push('SP-04: no usage');
      return faults;
    }
    const faults: string[] = [];
    if (answer.status !== 200 || answer.end !== 'clean') faults.push(`HTTP ${answer.status}, ${answer.end}`);
    const type = recording.file === SOUND_IN_JSON ? 'audio/mpeg' : recording.response_headers['content-type'];
    if (answer.headers['content-type'] !== type) faults.push(`content type ${answer.headers['content-type']}`);
    if (sha(answer.body) !== sha(file)) faults.push(`sound: ${answer.body.length} bytes instead of ${file.length}`);
    return faults;
  }

  test('SP-02 SP-04 SP-05 reaches its client byte for byte, raw or in events', async () => {
    await everyCell('openai-speech', ['raw', 'sse'], speech);
  });

  function transcribe(recording: Recording, size: number, stream: boolean): Promise<RawAnswer> {
    const form = formBody([
      ['model', `chat/${recording.file}#${size}`],
      ['response_format', formatOf(recording)],
      ...(stream ? [['stream', 'true'] as const] : []),
      ['file', wav],
    ]);
    return exchange(gateway.url, {
      path: '/v1/audio/transcriptions',
      headers: { 'content-type': form.type },
      body: form.body,
    });
  }

  function streamedFaults(recording: Recording, answer: RawAnswer, wholeText: string): readonly string[] {
    const told = readAudioStream(answer);
    const faults = [...told.broken];
    if (!told.normalEnd) faults.push(`did not end normally: ${told.error}`);
    if (told.text !== wholeText) faults.push(`text: ${JSON.stringify(told.text.slice(0, 60))}`);
    if (told.doneText !== wholeText) faults.push(`text of done: ${JSON.stringify(told.doneText.slice(0, 60))}`);
    if (recording.features.includes('diarized-segments') && told.segments.length === 0) faults.push('no segments');
    if (recording.usage?.['type'] !== undefined && !isDeepStrictEqual(told.usage.value, recording.usage))
      faults.push(`usage: ${JSON.stringify(told.usage.value)}`);
    return faults;
  }

  async function transcription(recording: Recording, size: number, mode: string): Promise<readonly string[]> {
    const answer = await transcribe(recording, size, mode === 'streamed');
    const plain = recording.file.endsWith('.txt');
    const body = bodyOf(recording).toString();
    const done = /"type":"transcript.text.done".*/.exec(body)?.[0];
    const wholeText = plain ? body : Peek.parse(done === undefined ? body : `{${done}`).at('text').text;
    if (mode === 'streamed') return streamedFaults(recording, answer, wholeText);
    const faults: string[] = [];
    if (answer.status !== 200 || answer.end !== 'clean')
      faults.push(`HTTP ${answer.status}, ${answer.end}: ${answer.body.toString().slice(0, 200)}`);
    const type = plain ? 'text/plain; charset=utf-8' : 'application/json';
    if (answer.headers['content-type']?.startsWith(type) !== true)
      faults.push(`TR-06: content type ${answer.headers['content-type']}`);
    const text = plain ? answer.body.toString() : Peek.parse(answer.body.toString()).at('text').text;
    if (text !== wholeText) faults.push(`text: ${JSON.stringify(text.slice(0, 60))}`);
    return faults;
  }

  test('TR-03 TR-05 TR-06 reaches its client word for word, streamed or whole', async () => {
    await everyCell('openai-transcription', ['streamed', 'whole'], transcription);
  });

  test('the fidelity table is current', () => {
    expectSection('docs/fidelity.md', 'audio', [
      '| protocol | recordings | passed |',
      '| --- | --- | --- |',
      ...['openai-speech', 'openai-transcription'].map(
        (protocol) => `| ${protocol} | ${answersOf(protocol).length} | ${counts.get(protocol)} |`,
      ),
      '',
      'Exceptions, where something other than the index is expected:',
      '',
      '- diarised streams: the text of `done` also comes as a delta: the upstream tells it in segments only, which plain readers do not know.',
      `- \`${SOUND_IN_JSON.slice('openai-speech/'.length)}\`: the sound inside: this upstream wraps it in JSON of its own, which no client of the speech endpoint could play.`,
    ]);
  });
});
