import { describe, expect, test } from 'vitest';
import { CATALOG, NAMES, rowOf } from '../../src/providers/catalog.ts';
import { hostedPath } from '../../src/providers/hosted-path.ts';
import { AUTH_SCHEMES, COMPATIBLE, baseUrlOf, hostingOf } from '../../src/providers/provider.ts';
import type { Provider, SettingName } from '../../src/providers/provider.ts';
import { PROTOCOLS } from '../../src/protocols/index.ts';

const rows = [...CATALOG.values()];

// Named in the issue that asks for them, by the names that people write.
const PROMISED = `
  openai azure anthropic google gemini vertex vertex-anthropic bedrock bedrock-anthropic groq mistral deepseek xai together
  fireworks openrouter cerebras perplexity cohere moonshot zai dashscope qwen minimax nvidia huggingface sambanova nebius
  deepinfra hyperbolic novita baseten cloudflare databricks github vercel requesty ollama lmstudio vllm llamacpp litellm
  jina voyage deepgram elevenlabs`
  .trim()
  .split(/\s+/);

function placeholders(row: Provider): readonly string[] {
  const urls = [row.baseUrl, ...row.otherBaseUrls.map(({ baseUrl }) => baseUrl)];
  return urls.flatMap((url) => [...url.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? ''));
}

function valuesFor(row: Provider): Partial<Record<SettingName, string>> {
  return Object.fromEntries(row.settings.map(({ name }) => [name, `my-${name.toLowerCase()}`]));
}

test('the catalog has what it promises, and no name stands for two rows', () => {
  for (const name of PROMISED) expect([name, rowOf(name)?.title]).toEqual([name, expect.any(String)]);
  expect(new Set(NAMES).size).toBe(NAMES.length);
  expect(new Set(rows.map(({ title }) => title)).size).toBe(rows.length);
  expect(NAMES).not.toContain('sandbox');
});

describe.each(rows)('the row $name', (row) => {
  test('says where it is, what it speaks, and where that was read', () => {
    expect(row.name).toMatch(/^[a-z0-9][a-z0-9-]*$/);
    expect(AUTH_SCHEMES).toContain(row.auth);
    expect(new URL(row.source).protocol).toBe('https:');
    expect(row.baseUrl).toMatch(/^https?:\/\/[^/]+.*[^/]$/);
    const spoken = [...(row.protocol === undefined ? [] : [row.protocol]), ...Object.values(row.tasks)];
    expect(spoken.length).toBeGreaterThan(0);
    for (const protocol of spoken) expect(protocol === 'ai-sdk' ? row.package : PROTOCOLS[protocol]).toBeDefined();
  });

  test('names where each difference from the usual was read', () => {
    const flags = Object.keys(COMPATIBLE) as (keyof typeof COMPATIBLE)[];
    const different = flags.filter((flag) => row.capabilities[flag] !== COMPATIBLE[flag]);
    expect(Object.keys(row.quirks).toSorted()).toEqual(different.toSorted());
    for (const source of Object.values(row.quirks)) expect(new URL(source).protocol).toBe('https:');
  });

  test('asks for everything that its base URL and its paths have, and for nothing else', () => {
    const inPaths: readonly string[] = { azure: ['apiVersion'], vertex: ['project', 'location'], bedrock: [] }[
      row.hosting ?? 'bedrock'
    ];
    const used = new Set([...placeholders(row), ...inPaths]);
    expect(new Set(row.settings.map(({ name }) => name))).toEqual(used);
    const url = baseUrlOf(row, valuesFor(row)) ?? '';
    expect(URL.canParse(url)).toBe(true);
    expect(url).not.toMatch(/[{}]/);
    for (const { name } of row.settings.filter((each) => placeholders(row).includes(each.name))) {
      const { [name]: _without, ...others } = valuesFor(row);
      expect(baseUrlOf(row, others)).toBeUndefined();
    }
  });

  test('has variables that look like variables, and holds no secret', () => {
    const { accessKey } = row;
    const signing = accessKey === undefined ? [] : [accessKey.id, accessKey.secret, accessKey.session];
    const settings = row.settings.flatMap(({ variables }) => variables);
    const variables = [
      ...row.keyVariables,
      ...row.baseUrlVariables,
      ...row.credentialVariables,
      ...signing,
      ...settings,
    ];
    for (const variable of variables) expect(variable).toMatch(/^[A-Z0-9][A-Z0-9_]*$/);
    expect(new Set(variables).size).toBe(variables.length);
    expect(row.baseUrlVariables.length).toBeGreaterThan(0);
    if (!row.local) expect(row.keyVariables.length).toBeGreaterThan(0);
    expect(JSON.stringify(row)).not.toMatch(/\b(sk-|hf_|gsk_|AIza|AKIA)\w{8}/);
  });
});

test('locations have the hosts that their cloud documents', () => {
  const row = CATALOG.get('vertex');
  const host = (location: string): string =>
    new URL(row === undefined ? '' : (baseUrlOf(row, { project: 'p', location }) ?? '')).hostname;
  expect(host('europe-west4')).toBe('europe-west4-aiplatform.googleapis.com');
  expect(host('global')).toBe('aiplatform.googleapis.com');
  expect(host('eu')).toBe('aiplatform.eu.rep.googleapis.com');
});

test('paths stand below a deployment or a project where somebody else hosts the models', () => {
  const azure = hostingOf('azure', { apiVersion: '2024-10-21' });
  expect(hostedPath(azure, 'my gpt', '/chat/completions')).toBe(
    '/deployments/my%20gpt/chat/completions?api-version=2024-10-21',
  );
  expect(hostedPath(azure, 'm', '/images/edits')).toBe('/deployments/m/images/edits?api-version=2024-10-21');
  // The model of a response stays in its body, and a list has none.
  expect(hostedPath(azure, 'm', '/responses')).toBe('/responses?api-version=2024-10-21');
  expect(hostedPath(azure, '', '/models')).toBe('/models?api-version=2024-10-21');
  expect(hostingOf('azure', {})).toBeUndefined();
  const vertex = hostingOf('vertex', { project: 'p-1', location: 'global' });
  expect(hostedPath(vertex, 'm', '/publishers/google/models/m:generateContent')).toBe(
    '/projects/p-1/locations/global/publishers/google/models/m:generateContent',
  );
  expect(hostedPath(hostingOf('bedrock', {}), 'm', '/model/m/converse')).toBe('/model/m/converse');
  expect(hostedPath(undefined, 'm', '/chat/completions')).toBe('/chat/completions');
});
