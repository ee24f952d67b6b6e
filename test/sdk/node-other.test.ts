import OpenAI, { toFile } from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fixture } from '../protocols/exchange.ts';
import { FakeUpstream, answering, streaming } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import type { Gateway } from '../support/gateway.ts';
import { Peek } from '../support/peek.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const FLOATS = [
  [0.5, -0.25, 0.125, 1],
  [-1, 0, 0.0625, -0.75],
  [0, 0.1, -0.2, 0.3],
].map((numbers) => numbers.map(Math.fround));

describe('the official npm client', () => {
  let upstream: FakeUpstream;
  let gateway: Gateway;
  let client: OpenAI;

  beforeAll(async () => {
    upstream = await FakeUpstream.start();
    gateway = await startGateway(`providers: {up: {base_url: '${upstream.url}/v1', api_key: k}}`);
    client = new OpenAI({ apiKey: 'any', baseURL: `${gateway.url}/v1`, maxRetries: 0 });
    for (const name of ['floats', 'base64', 'shuffled'])
      upstream.on(name, answering(200, JSON_TYPE, fixture(`openai-embeddings/three-inputs/${name}.json`), 64));
    upstream.on('judge', answering(200, JSON_TYPE, fixture('openai-moderations/flagged/whole.json'), 7));
    upstream.on('painter', streaming(fixture('openai-images/generated/streamed.sse'), 7));
    upstream.on('painter-whole', answering(200, JSON_TYPE, fixture('openai-images/generated/whole.json'), 7));
    upstream.on('editor', streaming(fixture('openai-images/edited/streamed.sse'), 7));
    upstream.on('editor-whole', answering(200, JSON_TYPE, fixture('openai-images/edited/whole.json'), 7));
  });

  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });

  test.each(['floats', 'base64', 'shuffled'])(
    'EM-02 EM-03 embeddings in its own default, as float and as base64, whatever the upstream gives (%s)',
    async (name) => {
      const asking = { model: `up/${name}`, input: ['a', 'b', 'c'] };
      // Without a choice of the caller it asks for base64 and unpacks it.
      const usual = await client.embeddings.create(asking);
      expect(usual.data.map(({ embedding }) => embedding)).toEqual(FLOATS);
      const asked = upstream.for(name).at(-1)?.body.toString() ?? '';
      expect(Peek.parse(asked).at('encoding_format').text).toBe('base64');
      const floats = await client.embeddings.create({ ...asking, encoding_format: 'float' });
      expect(floats.data.map(({ embedding }) => embedding.map(Math.fround))).toEqual(FLOATS);
      const packed = await client.embeddings.create({ ...asking, encoding_format: 'base64' });
      expect(packed.data.map(({ embedding }) => typeof embedding)).toEqual(['string', 'string', 'string']);
      for (const { data, usage } of [usual, floats, packed]) {
        expect(data.map(({ index, object }) => [index, object])).toEqual([0, 1, 2].map((at) => [at, 'embedding']));
        expect(usage).toEqual({ prompt_tokens: 7, total_tokens: 7 });
      }
    },
  );

  test('EM-01 EM-03 embeddings of the sandbox: texts, token ids, dimensions and exact tokens', async () => {
    const create = async (input: OpenAI.EmbeddingCreateParams['input']): Promise<OpenAI.CreateEmbeddingResponse> =>
      client.embeddings.create({ model: 'sandbox/embed', input, dimensions: 16 });
    const texts = await create(['one two', 'three']);
    expect(texts.data.map(({ embedding }) => embedding.length)).toEqual([16, 16]);
    expect(texts.usage.prompt_tokens).toBe(3);
    expect((await create('three')).data[0]?.embedding).toEqual(texts.data[1]?.embedding);
    expect((await create([[1, 2, 3], [4]])).usage.prompt_tokens).toBe(4);
    expect((await create([1, 2, 3])).data).toHaveLength(1);
  });

  test('EM-03 an answer that does not fit its inputs raises', async () => {
    const asking = client.embeddings.create({ model: 'up/floats', input: ['a', 'b'] });
    await expect(asking).rejects.toThrow(/502 The upstream gave 3 embeddings for 2 inputs/);
  });

  test('pictures as they are made, and whole', async () => {
    const told: string[] = [];
    let tokens = 0;
    const stream = await client.images.generate({
      model: 'up/painter',
      prompt: 'a weir',
      stream: true,
      partial_images: 2,
    });
    for await (const event of stream) {
      told.push(event.type);
      if (event.type === 'image_generation.completed') tokens = event.usage.total_tokens;
    }
    const partial = 'image_generation.partial_image';
    expect([told, tokens]).toEqual([[partial, partial, 'image_generation.completed'], 1110]);
    const whole = await client.images.generate({ model: 'up/painter-whole', prompt: 'a weir' });
    expect(
      Buffer.from(whole.data?.[0]?.b64_json ?? '', 'base64')
        .subarray(0, 4)
        .toString('latin1'),
    ).toBe('\x89PNG');
    expect(whole.usage?.output_tokens).toBe(1060);
  });

  test('pictures made from others: several files and a mask, streamed and whole', async () => {
    const image = await Promise.all(
      ['one', 'two'].map((name) => toFile(Buffer.from(name), `${name}.png`, { type: 'image/png' })),
    );
    const mask = await toFile(Buffer.from('black'), 'mask.png', { type: 'image/png' });
    const whole = await client.images.edit({ model: 'up/editor-whole', prompt: 'more', image, mask });
    expect(whole.data).toHaveLength(1);
    const told: string[] = [];
    for await (const event of await client.images.edit({
      model: 'up/editor',
      prompt: 'more',
      image,
      mask,
      stream: true,
    }))
      told.push(event.type);
    const partial = 'image_edit.partial_image';
    expect(told).toEqual([partial, partial, 'image_edit.completed']);
    for (const name of ['editor', 'editor-whole']) {
      const form = upstream.for(name).at(-1)?.body.toString() ?? '';
      const files = [...form.matchAll(/name="(.*)"; filename="(.*)"\r\nContent-Type: image\/png\r\n\r\n(.*)\r\n/g)];
      const seen = files.map(([, field, file, content]) => `${field} ${file} ${content}`);
      // The client sends its arguments in its own order; pictures keep theirs.
      expect(seen.filter((each) => each.startsWith('image'))).toEqual(['image[] one.png one', 'image[] two.png two']);
      expect(seen).toContain('mask mask.png black');
    }
  });

  test('UP-08 a picture that breaks off raises', async () => {
    const body = fixture('openai-images/generated/streamed.sse').toString();
    upstream.on('cut', streaming(body.slice(0, body.indexOf('event: image_generation.completed')), 64));
    const draw = async (): Promise<void> => {
      for await (const _event of await client.images.generate({ model: 'up/cut', prompt: 'a weir', stream: true }));
    };
    await expect(draw()).rejects.toThrow(OpenAI.APIError);
  });

  test('moderation, and the refusal of a provider of pictures that is none', async () => {
    const { results } = await client.moderations.create({ model: 'up/judge', input: 'text' });
    expect([results[0]?.flagged, results[0]?.categories.violence]).toEqual([true, true]);
    await expect(client.moderations.create({ model: 'sandbox/echo', input: 'text' })).rejects.toThrow(
      /The sandbox has no model that judges texts/,
    );
    await expect(client.images.generate({ model: 'sandbox/echo', prompt: 'a weir' })).rejects.toThrow(
      OpenAI.BadRequestError,
    );
  });
});
