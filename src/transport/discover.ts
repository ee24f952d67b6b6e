import { request } from 'undici';
import { Environment } from '../config/environment.ts';
import type { Env } from '../config/environment.ts';
import { DEFAULT_ENTRY } from '../config/provider-entry.ts';
import type { Snapshot, Upstream } from '../config/snapshot.ts';
import { toUpstream } from '../config/upstreams.ts';
import { asArray, asObject, asString, parseJson } from '../model/json.ts';
import { CATALOG } from '../providers/catalog.ts';
import type { Provider } from '../providers/provider.ts';

/** How servers are looked for; tests have rows and times of their own. */
export interface Discovery {
  readonly env: Env;
  readonly rows?: readonly Provider[];
  /** Milliseconds for all of it. */
  readonly wait?: number;
}

const WAIT_MS = 800;
const LIMIT = 1024 * 1024;

/**
 * The configuration with the servers that answer on this machine at the default ports of their rows. All are asked at once, with one short
 * deadline: who is slow is not there.
 */
export async function withLocalServers(snapshot: Snapshot, discovery: Discovery): Promise<Snapshot> {
  const { env, rows = [...CATALOG.values()].filter(({ local }) => local), wait = WAIT_MS } = discovery;
  const signal = AbortSignal.timeout(wait);
  const candidates = rows
    .filter(({ name }) => !snapshot.upstreams.has(name) && !snapshot.aliases.has(name))
    .map((row) => candidate(row, snapshot, env))
    .filter((upstream) => upstream !== undefined);
  const answers = await Promise.all(candidates.map((upstream) => answersAsServer(upstream, signal)));
  const found = candidates.filter((_, index) => answers[index]);
  if (found.length === 0) return snapshot;
  const upstreams = new Map([...snapshot.upstreams, ...found.map((each): [string, Upstream] => [each.name, each])]);
  return { ...snapshot, upstreams };
}

// One that would be the gateway itself is none: the remark on it interests nobody here.
function candidate({ name, baseUrl }: Provider, { host, port }: Snapshot, env: Env): Upstream | undefined {
  const nobody = (): void => undefined;
  return toUpstream(name, { ...DEFAULT_ENTRY, baseUrl }, new Environment(env), { host, port }, nobody, nobody);
}

async function answersAsServer({ baseUrl, apiKey }: Upstream, signal: AbortSignal): Promise<boolean> {
  try {
    const answer = await request(`${baseUrl}/models`, {
      signal,
      headers: { accept: 'application/json', ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }) },
    });
    const pieces: Buffer[] = [];
    let bytes = 0;
    for await (const piece of answer.body as AsyncIterable<Buffer>) {
      bytes += piece.length;
      if (bytes > LIMIT) return false;
      pieces.push(piece);
    }
    return answer.statusCode === 200 && isModelList(Buffer.concat(pieces).toString('utf8'));
  } catch {
    return false;
  }
}

// Anything may listen on such a port: a list of models is asked for, and one with a sandbox in it is another gateway of this kind.
function isModelList(text: string): boolean {
  const models = asArray(asObject(parseJson(text))?.['data']);
  return models !== undefined && !models.some((model) => asString(asObject(model)?.['id'])?.startsWith('sandbox/'));
}
