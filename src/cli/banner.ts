import { packagePath } from '../bridge/package.ts';
import { DEFAULT_FILE } from '../config/load.ts';
import type { Snapshot, Upstream } from '../config/snapshot.ts';
import { CATALOG } from '../providers/catalog.ts';

/** One line per upstream, or that there is none and what then happens. */
export function providerLines(snapshot: Snapshot): readonly string[] {
  if (snapshot.upstreams.size === 0) {
    const [example] = CATALOG.values();
    return [
      'no provider is configured: every model name is answered by the sandbox',
      `To configure one, set its key (${example?.keyVariables[0]}=…) or write ${DEFAULT_FILE}; docs/configuration.md shows both.`,
    ];
  }
  return [...snapshot.upstreams.values()].map((upstream) => `provider ${providerLine(upstream)}`);
}

/** One upstream in a line, without any part of its credential; says so where its package is still to be installed. */
export function providerLine({ name, protocol, baseUrl, bridge, ...credential }: Upstream): string {
  const where = baseUrl === '' ? bridge?.package : baseUrl;
  const missing = bridge !== undefined && packagePath(bridge.package) === undefined;
  const mend = missing ? `; NOT INSTALLED: npm install ${bridge.package}` : '';
  return `${name}: ${where} (${protocol ?? 'no text'}, ${credentialWords(credential)})${mend}`;
}

/** What kind of credential an upstream has, without any part of it. */
export function credentialWords({
  apiKey,
  accessKey,
  tokenSource,
}: Pick<Upstream, 'apiKey' | 'accessKey' | 'tokenSource'>): string {
  if (apiKey !== undefined) return 'with a key';
  if (accessKey !== undefined) return 'with a key that signs';
  if (tokenSource === undefined) return 'no key';
  return tokenSource.kind === 'machine' ? 'with a token of this machine' : 'with tokens that are fetched';
}

/** What is printed when the gateway listens at `url`; ends with a command to paste. */
export function banner(url: string, version: string, snapshot: Snapshot): string {
  const body = { model: firstModel(snapshot), stream: true, messages: [{ role: 'user', content: 'Hello!' }] };
  return [
    `Streamweir ${version} listens on ${url}`,
    ...providerLines(snapshot),
    'Try it:',
    // Quotes of the shell inside of a model's name would end the argument early.
    `  curl -N ${url}/v1/chat/completions -H 'Content-Type: application/json' -d '${JSON.stringify(body).replaceAll("'", String.raw`'\''`)}'`,
    '',
  ].join('\n');
}

function firstModel(snapshot: Snapshot): string {
  for (const { name, models } of snapshot.upstreams.values())
    if (models[0] !== undefined) return `${name}/${models[0]}`;
  return 'sandbox/echo';
}
