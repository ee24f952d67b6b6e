import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import type { LoadResult } from '../../src/config/load.ts';
import type { Upstream } from '../../src/config/snapshot.ts';
import { CATALOG } from '../../src/providers/catalog.ts';
import type { Provider } from '../../src/providers/provider.ts';

function load(text: string, env: Record<string, string>): LoadResult {
  return loadConfig({ text, env });
}

function upstreams(text: string, env: Record<string, string>): ReadonlyMap<string, Upstream> {
  const loaded = load(text, env);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.snapshot.upstreams;
}

const rows = [...CATALOG.values()];
const hosted = rows.filter((row) => !row.local);

/** Everything a row asks for but a base URL of one's own. */
function everything(row: Provider): Record<string, string> {
  const settings = row.settings.filter(({ optional }) => optional !== true).map(({ variables }) => [variables[0], 'x']);
  const [key] = row.keyVariables;
  const filled = { ...MOVED, ...(Object.fromEntries(settings) as Record<string, string>) };
  return key === undefined ? filled : { ...filled, [key]: 'k' };
}

// Port 8080 is both llama.cpp's and the gateway's own default, so the gateway moves for that row.
const MOVED = { PORT: '18080' };

describe('every row of the catalog', () => {
  test.each(rows)('$name is switched on by its base URL variable, and by its key where it needs one', (row) => {
    const { [row.keyVariables[0] ?? '']: _key, ...withoutKey } = everything(row);
    for (const variable of row.baseUrlVariables) {
      const byUrl = upstreams('', { ...withoutKey, [variable]: 'http://127.0.0.1:9/v1/' });
      expect([...byUrl.keys()]).toEqual([row.name]);
      expect(byUrl.get(row.name)).toMatchObject({ baseUrl: 'http://127.0.0.1:9/v1', capabilities: row.capabilities });
    }
    const byKey = upstreams('', everything(row));
    if (row.local) expect([...byKey.keys()]).toEqual([]);
    else expect(byKey.get(row.name)).toMatchObject({ auth: row.auth, apiKey: 'k', tasks: row.tasks });
  });

  test.each(hosted)('$name takes its key from each of its variables, and is not there without one', (row) => {
    const { [row.keyVariables[0] ?? '']: _key, ...withoutKey } = everything(row);
    expect(upstreams('', withoutKey).size).toBe(0);
    for (const variable of row.keyVariables)
      expect(upstreams('', { ...withoutKey, [variable]: variable }).get(row.name)?.apiKey).toBe(variable);
  });

  test.each(rows)('$name works by each of its names alone in the file', (row) => {
    const expected = { ...(row.protocol !== undefined && { protocol: row.protocol }), capabilities: row.capabilities };
    for (const name of [row.name, ...row.aliases]) {
      expect(upstreams(`providers: { ${name}: {} }`, everything(row)).get(name)).toMatchObject(expected);
      expect(upstreams(`providers:\n  ${name}:\n`, everything(row)).get(name)).toMatchObject(expected);
      expect(upstreams(`providers: { mine: { kind: ${name} } }`, everything(row)).get('mine')).toMatchObject(expected);
    }
  });

  test.each(rows)('$name is reached over https unless it is on this machine', (row) => {
    const { hostname, protocol } = new URL(upstreams('', everything(row)).get(row.name)?.baseUrl ?? row.baseUrl);
    expect([protocol, hostname === '127.0.0.1']).toEqual(row.local ? ['http:', true] : ['https:', false]);
    expect(row.baseUrl).not.toMatch(/\/$/);
  });

  test.each(hosted.filter(({ settings }) => settings.some(({ optional, fallback }) => !optional && !fallback)))(
    '$name says which of its settings is missing, and takes it from the file',
    (row) => {
      const needed = row.settings.filter(({ optional }) => optional !== true);
      const key = { ...MOVED, [row.keyVariables[0] ?? '']: 'k' };
      const loaded = load(`providers: { ${row.name}: {} }`, key);
      const named = needed.find(({ fallback }) => fallback === undefined)?.variables[0] ?? '?';
      expect(loaded.ok ? [] : loaded.problems).toMatchObject([{ mend: expect.stringContaining(named) as string }]);
      const said = needed.map(({ name }) => `${name}: filled-in`).join(', ');
      const { baseUrl } = upstreams(`providers: { ${row.name}: { ${said} } }`, key).get(row.name) ?? {};
      expect(baseUrl).toContain('filled-in');
      expect(baseUrl).not.toMatch(/[{}]/);
    },
  );
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
