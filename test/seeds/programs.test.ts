import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FakeUpstream, replaying, streaming } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import type { Gateway } from '../support/gateway.ts';
import { Peek } from '../support/peek.ts';
import { inParallel } from '../support/pool.ts';
import { python } from '../support/processes.ts';
import { postJson } from '../support/raw-client.ts';
import { answersOf } from '../support/recordings.ts';
import type { Recording } from '../support/recordings.ts';
import { WIRES } from '../support/upstream-bodies.ts';
import { matrixConfig, PROVIDER } from '../matrix/cells.ts';
import type { TextDialect } from '../support/text-requests.ts';
import { haveSeeds, seedPrograms } from './documents.ts';
import type { SeedProgram } from './documents.ts';
import { pointed, programFolder, runProgram } from './pointed.ts';

const PIECES = ['Café ', '日本', '語 🦀', '👩‍🚀 Å\u2028', 'two\u2029', 'three\u0085', ' "quoted"\\', '\nend'];
const PROTOCOLS: readonly TextDialect[] = ['openai-chat', 'openai-responses', 'openai-completions'];
const SIZES: readonly number[] = [1, 7, 4096];

// The program that shows thinking goes on from the client of the one before it.
function programs(): readonly SeedProgram[] {
  const all = seedPrograms().filter(({ language }) => language !== 'curl');
  const client = all.find(({ source }) => source.includes('from openai import'))?.source.split('\nstream =')[0];
  return all
    .map((program) =>
      program.source.startsWith('stream =') ? { ...program, source: `${client}\n${program.source}` } : program,
    )
    .filter(({ language }) => language !== 'python' || python !== undefined);
}

// Small ones: the TypeScript readers parse each network read by itself, and a client that lags more than its read buffer of 64 KiB
// behind gets an event in two reads, whoever sends it.
function richTexts(): readonly (readonly [TextDialect, Recording])[] {
  return PROTOCOLS.flatMap((protocol) => {
    const rich = answersOf(protocol).find(
      ({ streaming: streams, features, text_chars: length, size }) =>
        streams && features.includes('unicode') && length > 20 && size < 12_000,
    );
    return rich === undefined ? [] : [[protocol, rich] as const];
  });
}

describe.skipIf(!haveSeeds)('the programs of the source documents', () => {
  let upstream: FakeUpstream;
  let gateway: Gateway;
  let sandbox: Gateway;
  let folder: string;

  beforeAll(async () => {
    folder = await programFolder();
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

  async function printed(program: SeedProgram, source: string): Promise<string> {
    const { code, stdout, stderr } = await runProgram(folder, program, source);
    return code === 0 ? stdout.toString() : `exit ${code}: ${stderr}`;
  }

  test('all eight are found', () => {
    const found = seedPrograms().map(({ document, language }) => `${document} ${language}`);
    expect(found.filter((name) => !name.endsWith('curl'))).toEqual([
      '000 python',
      '000 typescript',
      '001 python',
      '001 typescript',
      '002 typescript',
      '004 python',
      '004 typescript',
      '004 python',
    ]);
  });

  test.each(PROTOCOLS)(
    'WD-01 WD-02 WD-03 OR-07 OR-08 OR-09 OR-10 CC-07 print exactly the text of an upstream that speaks %s',
    async (protocol) => {
      const runs = programs().flatMap((program, index) =>
        SIZES.map((size) => ({ program, size, model: `seed-${index}-${size}` })),
      );
      const results = await inParallel(runs, 3, ({ program, size, model }) => {
        upstream.on(model, streaming(WIRES[protocol].stream({ text: PIECES }), size));
        return printed(
          program,
          pointed(program.source, { host: gateway.url, model: `${PROVIDER[protocol]}/${model}` }),
        );
      });
      for (const [index, text] of results.entries())
        expect(text, `${runs[index]?.program.document} at ${runs[index]?.size}`).toBe(PIECES.join(''));
    },
  );

  test('CC-20 the program that shows thinking prints it beside the text', async () => {
    const program = programs().find(({ source }) => source.includes('[Thinking]'));
    if (program === undefined) return;
    for (const protocol of ['openai-chat', 'openai-responses'] as const) {
      upstream.on('thinking', streaming(WIRES[protocol].stream({ reasoning: ['Hm, ', 'é…'], text: PIECES }), 7));
      const text = await printed(
        program,
        pointed(program.source, { host: gateway.url, model: `${PROVIDER[protocol]}/thinking` }),
      );
      expect(text).toBe(`[Thinking] Hm, [Thinking] é…${PIECES.join('')}`);
    }
  });

  test.each(richTexts())('print exactly the text of a recorded answer from %s', async (protocol, recording) => {
    const model = recording.file;
    upstream.on(model, replaying(recording, 64));
    const plain = programs().filter(({ source }) => !source.includes('[Thinking]'));
    const results = await inParallel(plain, 3, (program) =>
      printed(program, pointed(program.source, { host: gateway.url, model: `${PROVIDER[protocol]}/${model}` })),
    );
    for (const text of results) expect(createHash('sha256').update(text).digest('hex')).toBe(recording.text_sha256);
  });

  test('print exactly what the sandbox says, about any text and by any model name', async () => {
    const results = await inParallel(programs(), 3, async (program) => {
      const prompt = 'Say: é 日本 🦀 Å, please.';
      const model = /["'](?:model-id|google\/gemini-3-flash)["']/.exec(program.source)?.[0].slice(1, -1) ?? '';
      const source = pointed(program.source, { host: sandbox.url, model }).replaceAll(
        /Write a haiku about debugging code\.|Tell me a story\.|Solve: What is 15! \/ 13!\?/g,
        prompt,
      );
      const whole = await postJson(sandbox.url, '/v1/chat/completions', {
        model,
        messages: [{ role: 'user', content: prompt }],
      });
      const said = Peek.parse(whole.body.toString()).at('choices', 0, 'message', 'content').text;
      return { said, text: await printed(program, source) };
    });
    for (const { said, text } of results) {
      expect(said).toContain('é 日本 🦀 Å');
      expect(text).toBe(said);
    }
  });
});
