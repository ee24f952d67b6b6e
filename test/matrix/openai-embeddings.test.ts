import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectSection } from '../support/doc-section.ts';
import { FakeUpstream, replaying } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import type { Gateway } from '../support/gateway.ts';
import { Peek } from '../support/peek.ts';
import { inParallel } from '../support/pool.ts';
import { postJson } from '../support/raw-client.ts';
import type { RawAnswer } from '../support/raw-client.ts';
import { answersOf, bodyOf, haveRecordings } from '../support/recordings.ts';
import type { Recording } from '../support/recordings.ts';
import { CHUNK_SIZES } from './cells.ts';

/** A way to ask for embeddings. */
interface Asking {
  readonly name: string;
  readonly path: (model: string, inputs: readonly string[]) => string;
  readonly body: (model: string, inputs: readonly string[]) => unknown;
  readonly vectors: (answer: Peek) => readonly Peek[];
  /** Tokens, where the format tells them. */
  readonly tokens?: (answer: Peek) => unknown;
}

function inOpenAi(encoding: 'float' | 'base64'): Asking {
  return {
    name: `/v1/embeddings, ${encoding}`,
    path: () => '/v1/embeddings',
    body: (model, inputs) => ({ model, input: inputs, encoding_format: encoding }),
    vectors: (answer) => answer.at('data').list.map((item) => item.at('embedding')),
    tokens: (answer) => answer.at('usage', 'prompt_tokens').value,
  };
}

const content = (text: string): unknown => ({ content: { parts: [{ text }] } });
const inPath = (model: string): string => `/v1beta/models/${encodeURIComponent(model)}`;

const ASKINGS: readonly Asking[] = [
  inOpenAi('float'),
  inOpenAi('base64'),
  {
    name: ':embedContent',
    path: (model, inputs) => `${inPath(model)}:${inputs.length === 1 ? 'embedContent' : 'batchEmbedContents'}`,
    body: (_model, inputs) =>
      inputs.length === 1
        ? content(inputs[0] ?? '')
        : { requests: inputs.map((text) => ({ model: 'models/any', ...(content(text) as object) })) },
    vectors: (answer) =>
      (answer.at('embedding').given ? [answer.at('embedding')] : answer.at('embeddings').list).map((item) =>
        item.at('values'),
      ),
  },
];

// Vectors of single bytes, which whoever asks for floats must not take for floats.
const OF_BYTES =
  'openai-embeddings/ruby_llm__embedding_perplexity_int8_embeddings_perplexity_pplx-embed-v~64458a~e_texts_with_custom_dimensions.json';

/** The floats of a vector, be it a list of numbers or base64 of little-endian float32. */
function floats(vector: Peek): readonly number[] {
  if (typeof vector.value !== 'string') return vector.list.map((item) => Math.fround(item.number ?? Number.NaN));
  const bytes = Buffer.from(vector.value, 'base64');
  return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4));
}

const EMBEDDINGS = [
  ...answersOf('openai-embeddings'),
  ...answersOf('gemini').filter(({ wire }) => wire === 'gemini#embed'),
];

function inputsOf(recording: Recording): readonly string[] {
  const count = Number(recording.features.find((feature) => feature.startsWith('inputs:'))?.slice(7) ?? 1);
  return Array.from({ length: count }, (_, index) => `input ${index}`);
}

describe.skipIf(!haveRecordings)('every recording of openai-embeddings', () => {
  let upstream: FakeUpstream;
  let gateway: Gateway;
  const passed = new Map<string, string>();

  beforeAll(async () => {
    upstream = await FakeUpstream.start();
    gateway = await startGateway(
      `providers:\n  up:\n    protocol: openai-chat\n    auth: none\n    base_url: ${upstream.url}/v1\n` +
        `  gem:\n    protocol: gemini\n    auth: none\n    base_url: ${upstream.url}/v1beta\n`,
    );
  });

  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });

  function ask(asking: Asking, recording: Recording, size: number, inputs: readonly string[]): Promise<RawAnswer> {
    const model = `${recording.file}#${size}`;
    upstream.on(model, replaying(recording, size));
    const name = `${recording.wire === 'gemini#embed' ? 'gem' : 'up'}/${model}`;
    return postJson(gateway.url, asking.path(name, inputs), asking.body(name, inputs));
  }

  function faultsIn(asking: Asking, recording: Recording, answer: RawAnswer): readonly string[] {
    if (recording.file === OF_BYTES) return answer.status === 502 ? [] : [`HTTP ${answer.status} instead of 502`];
    if (answer.status !== 200) return [`HTTP ${answer.status}: ${answer.body.toString().slice(0, 200)}`];
    const told = Peek.parse(answer.body.toString());
    const recorded = Peek.parse(bodyOf(recording).toString());
    const wanted = [
      ...recorded.at('data').list.map((item) => item.at('embedding')),
      ...recorded.at('embeddings').list.map((item) => item.at('values')),
    ].map(floats);
    const got = asking.vectors(told).map(floats);
    const faults: string[] = [];
    if (JSON.stringify(got) !== JSON.stringify(wanted)) faults.push(`${got.length} other vectors`);
    const tokens = recorded.at('usage', 'prompt_tokens').value;
    if (asking.tokens !== undefined && recorded.at('usage').given && asking.tokens(told) !== tokens)
      faults.push(`tokens ${String(tokens)}`);
    return faults;
  }

  test.each(ASKINGS)(
    'EM-02 EM-03 UP-01 reaches a client of $name whole, however the network cut it',
    async (asking) => {
      const cells = EMBEDDINGS.flatMap((recording) => CHUNK_SIZES.map((size) => ({ recording, size })));
      const faults = await inParallel(cells, 8, async ({ recording, size }) => {
        const answer = await ask(asking, recording, size, inputsOf(recording));
        return faultsIn(asking, recording, answer).map((fault) => `${recording.file} at ${size}: ${fault}`);
      });
      const failed = faults.filter((list) => list.length > 0);
      passed.set(asking.name, `${cells.length - failed.length}/${cells.length}`);
      expect(failed.flat().slice(0, 20)).toEqual([]);
    },
  );

  test.each(ASKINGS)('FM-05 is an error to a client of $name where it was one', async (asking) => {
    const errors = answersOf('errors').filter(({ wire }) => /embed/.test(wire));
    expect(errors.length).toBeGreaterThan(2);
    for (const recording of errors) {
      const answer = await ask(asking, recording, 64, ['input']);
      expect(answer.status, recording.file).toBe(recording.http_status === 401 ? 502 : recording.http_status);
      expect(Peek.parse(answer.body.toString()).at('error', 'message').text).not.toBe('');
    }
  });

  test('the fidelity table is current', () => {
    expectSection('docs/fidelity.md', 'openai-embeddings', [
      `| recordings | ${[...passed.keys()].map((name) => `\`${name}\``).join(' | ')} |`,
      `| --- | ${[...passed.keys()].map(() => '---').join(' | ')} |`,
      `| ${EMBEDDINGS.length} | ${[...passed.values()].join(' | ')} |`,
      '',
      'Exceptions, where something other than the index is expected:',
      '',
      `- \`${OF_BYTES.slice('openai-embeddings/'.length)}\`: an error: its vectors are bytes, which nobody asked for.`,
    ]);
  });
});
