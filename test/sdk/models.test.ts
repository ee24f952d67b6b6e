import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FakeUpstream } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import type { Gateway } from '../support/gateway.ts';

describe('the official npm client, models', () => {
  let upstream: FakeUpstream;
  let gateway: Gateway;
  let client: OpenAI;

  beforeAll(async () => {
    upstream = await FakeUpstream.start();
    gateway = await startGateway(
      `providers:\n  acme:\n    base_url: ${upstream.url}/v1\n    models: [small, vendor/large]\n`,
    );
    client = new OpenAI({ apiKey: 'any', baseURL: `${gateway.url}/v1`, maxRetries: 0 });
  });

  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });

  test('ML-01 lists what the configuration can reach, and finds one by an id with slashes', async () => {
    const listed = [];
    for await (const model of client.models.list()) listed.push(model);
    expect(listed.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['acme/small', 'acme/vendor/large', 'sandbox/echo']),
    );
    for (const model of listed) {
      expect(model.object).toBe('model');
      expect(Number.isInteger(model.created)).toBe(true);
      expect(model.owned_by).not.toBe('');
    }
    expect(await client.models.retrieve('acme/vendor/large')).toMatchObject({
      id: 'acme/vendor/large',
      object: 'model',
    });
    await expect(client.models.retrieve('acme-typo/small')).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
    });
  });
});
