import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import type { LoadResult } from '../../src/config/load.ts';
import type { Upstream } from '../../src/config/snapshot.ts';
import { CATALOG } from '../../src/providers/catalog.ts';

function load(text: string, env: Record<string, string>): LoadResult {
  return loadConfig({ text, env });
}

function upstreams(text: string, env: Record<string, string>): ReadonlyMap<string, Upstream> {
  const loaded = load(text, env);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.snapshot.upstreams;
}

describe('every row of the catalog', () => {
  // Port 8080 is both llama.cpp's and the gateway's own default, so the gateway moves for that row.
  const env = { PORT: '18080' };

  test.each([...CATALOG.values()])('$name is switched on by its variables alone', (row) => {
    const byUrl = upstreams('', { ...env, [row.baseUrlVariable]: 'http://127.0.0.1:9/v1/' });
    expect([...byUrl.keys()]).toEqual([row.name]);
    expect(byUrl.get(row.name)).toMatchObject({ baseUrl: 'http://127.0.0.1:9/v1', capabilities: row.capabilities });

    const byKey = upstreams('', { ...env, [row.keyVariable]: 'k' });
    if (row.local) expect([...byKey.keys()]).toEqual([]);
    else expect(byKey.get(row.name)).toMatchObject({ baseUrl: row.baseUrl, apiKey: 'k' });
  });

  test.each([...CATALOG.values()])('$name works by its name alone in the file', (row) => {
    const expected = { protocol: row.protocol, baseUrl: row.baseUrl, apiKey: 'k', capabilities: row.capabilities };
    const keyed = { ...env, [row.keyVariable]: 'k' };
    expect(upstreams(`providers: { ${row.name}: {} }`, keyed).get(row.name)).toMatchObject(expected);
    expect(upstreams(`providers:\n  ${row.name}:\n`, keyed).get(row.name)).toMatchObject(expected);
    expect(upstreams(`providers: { mine: { kind: ${row.name} } }`, keyed).get('mine')).toMatchObject(expected);
  });

  test.each([...CATALOG.values()])('$name is reached over https unless it is on this machine', (row) => {
    const url = new URL(row.baseUrl);
    expect([url.protocol, url.hostname === '127.0.0.1']).toEqual(row.local ? ['http:', true] : ['https:', false]);
    expect(row.baseUrl).not.toMatch(/\/$/);
  });
});

test('the file wins over the environment for a provider that both name, the environment adds the others', () => {
  const env = { OPENAI_API_KEY: 'env', GROQ_API_KEY: 'g', OPENAI_BASE_URL: 'http://127.0.0.1:7/v1' };
  const found = upstreams('providers: { openai: { api_key: file, timeout: 3s } }', env);
  expect([...found.keys()]).toEqual(['openai', 'groq']);
  expect(found.get('openai')).toMatchObject({
    apiKey: 'file',
    baseUrl: 'http://127.0.0.1:7/v1',
    deadlines: { first: 3000 },
  });
});

test("the environment's key is not sent to a base URL that the file gives, unless the file says so", () => {
  const text = 'providers: { openai: { base_url: "http://127.0.0.1:9000/v1" } }';
  const loaded = load(text, { OPENAI_API_KEY: 'k' });
  expect(loaded.ok && loaded.snapshot.upstreams.get('openai')).not.toHaveProperty('apiKey');
  expect(loaded.warnings).toHaveLength(1);
  expect(loaded.warnings[0]?.mend).toContain('${OPENAI_API_KEY}');
  const said = text.replace('/v1"', '/v1", api_key: "${OPENAI_API_KEY}"');
  expect(upstreams(said, { OPENAI_API_KEY: 'k' }).get('openai')?.apiKey).toBe('k');
});

test('a base URL variable that is the gateway itself is left out with a warning: the shell is set up for a client', () => {
  const loaded = load('', { OPENAI_API_KEY: 'anything', OPENAI_BASE_URL: 'http://localhost:8080/v1' });
  expect(loaded.ok && loaded.snapshot.upstreams.size).toBe(0);
  expect(loaded.warnings).toMatchObject([{ file: 'environment' }]);
});

test("the documentation's own file is a good one", () => {
  const docs = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
  const yaml = /```yaml\n(.*?)```/s.exec(docs)?.[1] ?? '';
  expect([...upstreams(yaml, { ACME_KEY: 'a', GROQ_API_KEY: 'g' }).keys()]).toEqual(['acme', 'groq', 'local']);
});
