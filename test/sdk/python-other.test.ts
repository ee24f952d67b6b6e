import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fixture } from '../protocols/exchange.ts';
import { FakeUpstream, answering, streaming } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import type { Gateway } from '../support/gateway.ts';
import { python, run } from '../support/processes.ts';

/** Drives the official Python client: `other.py BASE_URL` prints what it read as JSON. */
const PROGRAM = `
import json, sys
from openai import OpenAI, APIError

client = OpenAI(api_key="any", base_url=sys.argv[1], max_retries=0)
told = {}
for name in ("floats", "base64", "shuffled"):
    asking = dict(model=f"up/{name}", input=["a", "b", "c"])
    usual = client.embeddings.create(**asking)
    floats = client.embeddings.create(**asking, encoding_format="float")
    told[name] = [[[round(x, 4) for x in d.embedding] for d in a.data] for a in (usual, floats)]
    told[name + "_about"] = [[d.index for d in usual.data], usual.usage.prompt_tokens, usual.usage.total_tokens]
sandbox = client.embeddings.create(model="sandbox/embed", input=["one two", "three"], dimensions=16)
told["sandbox"] = [[len(d.embedding) for d in sandbox.data], sandbox.usage.total_tokens]
events = list(client.images.generate(model="up/painter", prompt="a weir", stream=True, partial_images=2))
told["pictures"] = [events[0].type, events[-1].type, events[-1].usage.total_tokens]
files = [("one.png", b"one", "image/png"), ("two.png", b"two", "image/png")]
edited = client.images.edit(model="up/editor", prompt="more", image=files, mask=("mask.png", b"black", "image/png"))
told["edited"] = [len(edited.data), edited.usage.output_tokens]
told["flagged"] = client.moderations.create(model="up/judge", input="text").results[0].flagged
try:
    list(client.images.generate(model="up/cut", prompt="a weir", stream=True))
except APIError as error:
    told["cut"] = error.code
print(json.dumps(told))
`;

const VECTORS = [
  [0.5, -0.25, 0.125, 1],
  [-1, 0, 0.0625, -0.75],
  [0, 0.1, -0.2, 0.3],
];

describe.skipIf(python === undefined)('the official Python client', () => {
  let upstream: FakeUpstream;
  let gateway: Gateway;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'streamweir-'));
    await writeFile(join(folder, 'other.py'), PROGRAM);
    upstream = await FakeUpstream.start();
    gateway = await startGateway(`providers: {up: {base_url: '${upstream.url}/v1', api_key: k}}`);
    const json = { 'content-type': 'application/json' };
    for (const name of ['floats', 'base64', 'shuffled'])
      upstream.on(name, answering(200, json, fixture(`openai-embeddings/three-inputs/${name}.json`), 64));
    const drawn = fixture('openai-images/generated/streamed.sse');
    upstream.on('painter', streaming(drawn, 7));
    upstream.on('cut', streaming(drawn.subarray(0, drawn.indexOf('event: image_generation.completed')), 64));
    upstream.on('editor', answering(200, json, fixture('openai-images/edited/whole.json'), 64));
    upstream.on('judge', answering(200, json, fixture('openai-moderations/flagged/whole.json'), 64));
  });

  afterAll(async () => {
    await gateway.close();
    await upstream.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('EM-02 EM-03 UP-08 reads embeddings in both encodings, pictures as they are made, edits and moderation', async () => {
    const { code, stdout, stderr } = await run(python ?? '', ['other.py', `${gateway.url}/v1`], {
      cwd: folder,
      env: { PYTHONUTF8: '1' },
    });
    expect(code, stderr).toBe(0);
    const about = [[0, 1, 2], 7, 7];
    expect(JSON.parse(stdout.toString())).toEqual({
      floats: [VECTORS, VECTORS],
      base64: [VECTORS, VECTORS],
      shuffled: [VECTORS, VECTORS],
      floats_about: about,
      base64_about: about,
      shuffled_about: about,
      sandbox: [[16, 16], 3],
      pictures: ['image_generation.partial_image', 'image_generation.completed', 1110],
      edited: [1, 1060],
      flagged: true,
      cut: 'upstream_bad_response',
    });
    const form = upstream.for('editor')[0]?.body.toString() ?? '';
    expect([...form.matchAll(/name="(.*)"; filename="(.*)"/g)].map(([, field, name]) => [field, name])).toEqual(
      expect.arrayContaining([
        ['image[]', 'one.png'],
        ['image[]', 'two.png'],
        ['mask', 'mask.png'],
      ]),
    );
  });
});
