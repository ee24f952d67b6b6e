import { expect, test } from 'vitest';
import { Peek } from '../support/peek.ts';
import { openPlace, rejection } from './upstreams.ts';

test('input tokens are counted without an answer, those of the conversation so far among them', async () => {
  const { client, says, upstream } = await openPlace();
  const model = says('chat', { text: ['one two three'] });
  const short = await client.responses.inputTokens.count({ model, input: 'A' });
  expect([short.object, Number.isInteger(short.input_tokens) && short.input_tokens > 0]).toEqual([
    'response.input_tokens',
    true,
  ]);
  expect(upstream.received).toHaveLength(0);
  const first = await client.responses.create({ model, input: 'A' });
  const long = await client.responses.inputTokens.count({ model, input: 'A', previous_response_id: first.id });
  expect(long.input_tokens).toBeGreaterThan(short.input_tokens);
  const refused = await rejection(
    client.responses.inputTokens.count({ model, previous_response_id: 'resp_none', input: 'A' }),
  );
  expect(refused.code).toBe('previous_response_not_found');
});

test('an answer to a count has nothing to come back to', async () => {
  const { client, gateway, says } = await openPlace();
  const model = says('chat', { text: ['one'] });
  const counted = await client.responses.inputTokens.count({ model, input: 'A' });
  expect(new Peek(counted).has('id')).toBe(false);
  const answer = await fetch(`${gateway.url}/v1/responses/input_tokens`);
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
});
