import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pointed, programFolder, runProgram } from './seeds/pointed.ts';
import { startGateway } from './support/gateway.ts';
import type { Gateway } from './support/gateway.ts';
import type { RawAnswer } from './support/raw-client.ts';
import { readAudioStream } from './support/read-audio.ts';
import { toneWav } from './support/sounds.ts';
import { TEXT_CLIENTS } from './support/text-requests.ts';
import type { Told } from './support/told.ts';

const README = readFileSync(fileURLToPath(new URL('../README.md', import.meta.url)), 'utf8');

/** The `curl` blocks of the README that speak to the gateway, with the path each one posts to. */
const COMMANDS = [...README.matchAll(/^```bash\n(curl .*?)^```$/gms)].map(([, source = '']) => ({
  source,
  path: (/localhost:8080(\/[\w/.:-]+)/.exec(source)?.[1] ?? '').replace(
    /^\/v1beta\/models\/.*$/,
    TEXT_CLIENTS.gemini.path,
  ),
}));

const TEXT_PATHS = new Map(Object.values(TEXT_CLIENTS).map((client) => [client.path, client]));

function read(path: string, body: Buffer): Told {
  const answer: RawAnswer = {
    status: 200,
    headers: { 'content-type': 'text/event-stream; charset=utf-8' },
    body,
    chunks: [body],
    reads: [],
    end: 'clean',
  };
  return TEXT_PATHS.get(path)?.read(answer, true) ?? readAudioStream(answer);
}

describe('the curl lines of the README', () => {
  let gateway: Gateway;
  let folder: string;

  beforeAll(async () => {
    folder = await programFolder();
    await writeFile(join(folder, 'audio.mp3'), toneWav(0.5));
    gateway = await startGateway('');
  });

  afterAll(async () => {
    await gateway.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('cover the text formats and the paths of sound', () => {
    expect(COMMANDS.map(({ path }) => path)).toEqual(
      expect.arrayContaining([...TEXT_PATHS.keys(), '/v1/audio/speech', '/v1/audio/transcriptions']),
    );
  });

  test.each(COMMANDS)(
    '$path streams without any provider, with nothing but the host changed',
    async ({ path, source }) => {
      const model =
        /model"?[:=] ?"([^"]+)"|models\/([\w/.-]+):/
          .exec(source)
          ?.slice(1)
          .find((name) => name !== undefined) ?? '';
      const aimed = pointed(source, { host: gateway.url, model, file: join(folder, 'audio.mp3') });
      const { code, stdout, stderr } = await runProgram(
        folder,
        { document: 'README', language: 'curl', source },
        aimed,
      );
      expect(code, stderr).toBe(0);
      expect(read(path, stdout)).toMatchObject({ normalEnd: true, error: undefined, broken: [] });
    },
  );
});
