import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { matrixConfig, PROVIDER } from '../matrix/cells.ts';
import { FakeUpstream, answering, streaming } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import type { Gateway } from '../support/gateway.ts';
import type { RawAnswer } from '../support/raw-client.ts';
import { readAudioStream } from '../support/read-audio.ts';
import { toneWav } from '../support/sounds.ts';
import { TEXT_CLIENTS } from '../support/text-requests.ts';
import { WIRES, speechStream, transcriptStream } from '../support/upstream-bodies.ts';
import { haveSeeds, seedPrograms } from './documents.ts';
import type { SeedProgram } from './documents.ts';
import { pointed, programFolder, runProgram } from './pointed.ts';

const PIECES = ['Café ', '日本', '語 🦀 Å\u2028', 'two\u0085', '\nend'];
const DIALECTS = ['openai-chat', 'openai-responses', 'openai-completions'] as const;

/** What curl wrote, as the readers of answers want it; curl itself fails where the transfer was cut short. */
function asAnswer(body: Buffer): RawAnswer {
  return {
    status: 200,
    headers: { 'content-type': 'text/event-stream; charset=utf-8' },
    body,
    chunks: [body],
    reads: [],
    end: 'clean',
  };
}

function commandsTo(path: string): readonly SeedProgram[] {
  return seedPrograms().filter(
    ({ language, source }) => language === 'curl' && new RegExp(`${path}['\\s]`).test(source),
  );
}

describe.skipIf(!haveSeeds)('the curl commands of the source documents', () => {
  let upstream: FakeUpstream;
  let gateway: Gateway;
  let sandbox: Gateway;
  let folder: string;
  let sound: string;

  beforeAll(async () => {
    folder = await programFolder();
    sound = join(folder, 'audio.mp3');
    await writeFile(sound, toneWav(0.5));
    upstream = await FakeUpstream.start();
    gateway = await startGateway(matrixConfig(upstream));
    sandbox = await startGateway('');
  });

  afterAll(async () => {
    await gateway.close();
    await sandbox.close();
    await upstream.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function output(program: SeedProgram, host: string, model: string): Promise<Buffer> {
    const { code, stdout, stderr } = await runProgram(
      folder,
      program,
      pointed(program.source, { host, model, file: sound }),
    );
    expect(code, stderr).toBe(0);
    return stdout;
  }

  test('all six are found', () => {
    expect(seedPrograms().filter(({ language }) => language === 'curl')).toHaveLength(6);
  });

  test.each(DIALECTS)('WD-02 WD-03 WD-06 for %s show the text of every text upstream', async (dialect) => {
    const client = TEXT_CLIENTS[dialect];
    const commands = commandsTo(client.path);
    expect(commands.length).toBeGreaterThan(0);
    for (const program of commands) {
      for (const protocol of DIALECTS) {
        upstream.on('curl', streaming(WIRES[protocol].stream({ text: PIECES }), 7));
        const told = client.read(asAnswer(await output(program, gateway.url, `${PROVIDER[protocol]}/curl`)), true);
        expect(told).toMatchObject({ text: PIECES.join(''), normalEnd: true, broken: [] });
      }
    }
  });

  test.each(DIALECTS)('for %s stream from the sandbox as they stand', async (dialect) => {
    const client = TEXT_CLIENTS[dialect];
    for (const program of commandsTo(client.path)) {
      const model = /"model": "([^"]+)"/.exec(program.source)?.[1] ?? '';
      const told = client.read(asAnswer(await output(program, sandbox.url, model)), true);
      expect(told).toMatchObject({ normalEnd: true, broken: [] });
      expect(told.text.length).toBeGreaterThan(10);
    }
  });

  test('SP-04 SP-06 the speech command saves the sound of the upstream, and a playable one of the sandbox', async () => {
    const [program] = commandsTo('/v1/audio/speech');
    if (program === undefined) throw new Error('no speech command');
    const saving = { ...program, source: `${program.source} > audio_stream.txt` };
    const wav = toneWav(0.3);
    upstream.on('voice', streaming(speechStream([wav.subarray(0, 44), wav.subarray(44, 1001), wav.subarray(1001)]), 7));
    await output(saving, gateway.url, `${PROVIDER['openai-chat']}/voice`);
    const saved = readAudioStream(asAnswer(await readFile(join(folder, 'audio_stream.txt'))));
    expect(saved).toMatchObject({ normalEnd: true, broken: [] });
    expect(saved.sound.equals(wav)).toBe(true);
    await output(saving, sandbox.url, 'openai/gpt-4o-mini-tts');
    const spoken = readAudioStream(asAnswer(await readFile(join(folder, 'audio_stream.txt'))));
    expect(spoken).toMatchObject({ normalEnd: true, broken: [] });
    // An MP3 begins with an ID3 tag or with the eleven set bits of a frame header.
    expect(spoken.sound.toString('latin1', 0, 3) === 'ID3' || spoken.sound.readUInt16BE(0) >= 0xffe0).toBe(true);
    const asWav = {
      ...saving,
      source: saving.source.replace('"stream_format"', '"response_format": "wav",\n"stream_format"'),
    };
    await output(asWav, sandbox.url, 'openai/gpt-4o-mini-tts');
    const wave = readAudioStream(asAnswer(await readFile(join(folder, 'audio_stream.txt'))));
    expect(wave.sound.toString('latin1', 0, 4) + wave.sound.toString('latin1', 8, 12)).toBe('RIFFWAVE');
  });

  test('TR-01 TR-02 TR-03 the transcription command shows the words as they come, and the upload arrives unchanged', async () => {
    const [program] = commandsTo('/v1/audio/transcriptions');
    if (program === undefined) throw new Error('no transcription command');
    upstream.on('ear', streaming(transcriptStream(PIECES), 7));
    const told = readAudioStream(asAnswer(await output(program, gateway.url, `${PROVIDER['openai-chat']}/ear`)));
    expect(told).toMatchObject({ text: PIECES.join(''), doneText: PIECES.join(''), normalEnd: true, broken: [] });
    const upload = upstream.for('ear')[0];
    expect(upload?.body.includes(await readFile(sound))).toBe(true);
    expect(upload?.body.toString('latin1')).toContain('filename="audio.mp3"');
    const heard = readAudioStream(asAnswer(await output(program, sandbox.url, 'openai/gpt-4o-transcribe')));
    expect(heard).toMatchObject({ normalEnd: true, broken: [] });
    expect(heard.text).toBe(heard.doneText);
    expect(heard.text).toMatch(/wav/i);
  });

  test('an upstream that answers with plain sound is heard by the speech command too', async () => {
    const [program] = commandsTo('/v1/audio/speech');
    if (program === undefined) throw new Error('no speech command');
    const wav = toneWav(0.3);
    upstream.on('raw-voice', answering(200, { 'content-type': 'audio/wav' }, wav, 64));
    const told = readAudioStream(asAnswer(await output(program, gateway.url, `${PROVIDER['openai-chat']}/raw-voice`)));
    expect(told.sound.equals(wav)).toBe(true);
  });
});
