import { rm } from 'node:fs/promises';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { answering } from '../support/fake-upstream.ts';
import { Peek } from '../support/peek.ts';
import { openPlace, rejection } from './upstreams.ts';
import type { Place } from './upstreams.ts';

const REASONING = { type: 'reasoning', id: 'rs_upstream', summary: [{ type: 'summary_text', text: 'Hm.' }] };
const MESSAGE = {
  type: 'message',
  id: 'msg_upstream',
  status: 'completed',
  role: 'assistant',
  content: [{ type: 'output_text', text: 'one', annotations: [] }],
};
const USAGE = {
  input_tokens: 9,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: 5,
  output_tokens_details: { reasoning_tokens: 3 },
  total_tokens: 14,
};

/** Lets an upstream of the same format answer with reasoning, sealed if it is asked for. */
function thinks({ upstream }: Place, kind: 'responses' | 'other'): string {
  upstream.on(`${kind}-model`, (reply, received) => {
    const include = Peek.parse(received.body.toString())
      .at('include')
      .list.map((each) => each.text);
    const sealed = include.includes('reasoning.encrypted_content') ? { encrypted_content: 'gAAA/upstream+seal==' } : {};
    const output = [{ ...REASONING, ...sealed }, MESSAGE];
    const body = { id: 'resp_upstream', object: 'response', status: 'completed', model: 'm', output, usage: USAGE };
    return answering(200, { 'content-type': 'application/json' }, JSON.stringify(body))(reply, received);
  });
  return `${kind}/${kind}-model`;
}

const typesOf = (body: Peek | undefined): readonly string[] =>
  body?.at('input').list.map((item) => item.at('type').text) ?? [];

describe('sealed reasoning of an earlier response', () => {
  test('OR-59 goes back to who made it, as it came', async () => {
    const place = await openPlace();
    const { client, asked } = place;
    const model = thinks(place, 'responses');
    const include = ['reasoning.encrypted_content' as const];
    const first = await client.responses.create({ model, input: 'A', include });
    expect(new Peek(first.output[0]).at('encrypted_content').text).toBe('gAAA/upstream+seal==');
    await client.responses.create({ model, input: 'B', include, previous_response_id: first.id });
    const body = asked('responses').at(-1);
    expect(typesOf(body)).toEqual(['message', 'reasoning', 'message', 'message']);
    expect(body?.at('input', 1, 'encrypted_content').text).toBe('gAAA/upstream+seal==');
    expect(body?.at('input', 1, 'id').text).toBe('rs_upstream');
  });

  test('OR-59 does not go to another upstream, nor do the ids that only its maker knows', async () => {
    const place = await openPlace();
    const { client, asked } = place;
    const include = ['reasoning.encrypted_content' as const];
    const first = await client.responses.create({ model: thinks(place, 'responses'), input: 'A', include });
    const model = thinks(place, 'other');
    await client.responses.create({ model, input: 'B', include, previous_response_id: first.id });
    const body = asked('other').at(-1);
    expect(typesOf(body)).toEqual(['message', 'message', 'message']);
    expect(JSON.stringify(body?.value)).not.toMatch(/upstream\+seal|rs_upstream|msg_upstream/);
    expect(body?.at('input', 1, 'content', 0, 'text').text).toBe('one');
  });

  test('OR-58 OR-59 named as an item, it goes to its maker and to nobody else', async () => {
    const place = await openPlace();
    const { client, asked } = place;
    const include = ['reasoning.encrypted_content' as const];
    const first = await client.responses.create({ model: thinks(place, 'responses'), input: 'A', include });
    const named = first.output.map((item) => ({ type: 'item_reference' as const, id: item.id ?? '' }));
    const input = [{ role: 'user' as const, content: 'A' }, ...named, { role: 'user' as const, content: 'B' }];
    await client.responses.create({ model: thinks(place, 'responses'), input });
    expect(typesOf(asked('responses').at(-1))).toEqual(['', 'reasoning', 'message', '']);
    await client.responses.create({ model: thinks(place, 'other'), input });
    expect(typesOf(asked('other').at(-1))).toEqual(['', 'message', '']);
  });

  test('OR-86 is shown to who asks for it, in the answer and later', async () => {
    const place = await openPlace();
    const { client } = place;
    const model = thinks(place, 'responses');
    const plain = await client.responses.create({ model, input: 'A' });
    expect(new Peek(plain.output[0]).has('encrypted_content')).toBe(false);
    const include = ['reasoning.encrypted_content' as const];
    const sealed = await client.responses.create({ model, input: 'A', include });
    const shown = await client.responses.retrieve(sealed.id);
    expect(new Peek(shown.output[0]).has('encrypted_content')).toBe(false);
    const asked = await client.responses.retrieve(sealed.id, { include });
    expect(new Peek(asked.output[0]).at('encrypted_content').text).toBe('gAAA/upstream+seal==');
  });
});

describe('what one process kept', () => {
  const folder = (): string => {
    const made = mkdtempSync(join(tmpdir(), 'streamweir-kept-'));
    onTestFinished(() => rm(made, { recursive: true }));
    return join(made, 'data');
  };

  test('OR-55 another one on the same folder goes on from, and only its owner', async () => {
    const top = `data_dir: ${folder()}\nstore: { driver: sqlite }`;
    const one = await openPlace(top);
    const first = await one.client.responses.create({ model: one.says('chat', { text: ['one'] }), input: 'A' });
    const two = await openPlace(top);
    const model = two.says('chat', { text: ['two'] });
    const second = await two.client.responses.create({ model, input: 'B', previous_response_id: first.id });
    expect(second.output_text).toBe('two');
    expect(two.asked('chat').at(-1)?.at('messages').list).toHaveLength(3);
    expect(await rejection(two.client2().responses.retrieve(first.id))).toMatchObject({ status: 404 });
  });

  test('OR-72 another one on the same folder opens a context that was compacted here', async () => {
    const top = `data_dir: ${folder()}\nstore: { driver: sqlite }`;
    const one = await openPlace(top);
    const input = [{ role: 'user' as const, content: 'Remember: cobalt.' }];
    const model = one.says('chat', { text: ['The word is ', 'cobalt.'] });
    const compacted = await one.client.responses.compact({ model, input });
    const two = await openPlace(top);
    const again = two.says('chat', { text: ['cobalt'] });
    await two.client.responses.create({ model: again, input: compacted.output as never });
    expect(JSON.stringify(two.asked('chat').at(-1)?.at('messages').value)).toContain('The word is cobalt.');
    const three = await openPlace('store: { driver: memory }');
    const refused = await rejection(
      three.client.responses.create({ model: three.says('chat', { text: ['x'] }), input: compacted.output as never }),
    );
    expect(refused).toEqual({ status: 400, code: 'invalid_encrypted_content', param: 'input[0].encrypted_content' });
  });

  test('with a store in memory nothing is written to disk', async () => {
    const data = folder();
    const { client, says } = await openPlace(`data_dir: ${data}\nstore: { driver: memory }`);
    await client.responses.create({ model: says('chat', { text: ['one'] }), input: 'A' });
    expect(existsSync(data)).toBe(false);
  });
});
