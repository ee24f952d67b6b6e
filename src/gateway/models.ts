import type { Snapshot, Upstream } from '../config/snapshot.ts';
import { asArray, asNumber, asObject, asString, parseJson } from '../model/json.ts';
import type { JsonObject } from '../model/json.ts';
import type { ListedModel } from '../protocols/model-lists.ts';
import { hostedPath } from '../providers/hosted-path.ts';
import { SANDBOX_MODELS } from '../sandbox/model-name.ts';
import { dispatch } from '../transport/dispatch.ts';
import type { Pools } from '../transport/pools.ts';
import { SANDBOX_PREFIX } from './plan.ts';

const CACHE_MS = 60_000;
const ASK_MS = 3_000;
const LIST_LIMIT = 4 * 1024 * 1024;

/** Every model the configuration can reach: what is configured, and what the upstreams themselves list. */
export class ModelList {
  readonly #snapshot: Snapshot;
  readonly #pools: Pools;
  readonly #asked = new Map<string, { readonly at: number; readonly models: Promise<readonly ListedModel[]> }>();

  constructor(snapshot: Snapshot, pools: Pools) {
    this.#snapshot = snapshot;
    this.#pools = pools;
  }

  /** All models, the sandbox's last; an upstream that does not answer contributes what is configured for it. */
  async list(): Promise<readonly ListedModel[]> {
    const upstreams = [...this.#snapshot.upstreams.values()];
    const asked = await Promise.all(upstreams.map((upstream) => this.#ask(upstream)));
    const configured = upstreams.flatMap((upstream) =>
      upstream.models.map((name) => listed(`${upstream.name}/${name}`, 0, upstream.name)),
    );
    const sandbox = SANDBOX_MODELS.map(({ id }) => listed(SANDBOX_PREFIX + id, 0, 'streamweir'));
    const byId = new Map([...configured, ...asked.flat(), ...sandbox].map((model) => [model.id, model]));
    return [...byId.values()];
  }

  /** One model, or undefined when nothing leads there. */
  async find(id: string): Promise<ListedModel | undefined> {
    return (await this.list()).find((model) => model.id === id);
  }

  #ask(upstream: Upstream): Promise<readonly ListedModel[]> {
    const cached = this.#asked.get(upstream.name);
    if (cached !== undefined && performance.now() - cached.at < CACHE_MS) return cached.models;
    const models = this.#fetch(upstream).catch((): readonly ListedModel[] => {
      this.#asked.delete(upstream.name);
      return [];
    });
    this.#asked.set(upstream.name, { at: performance.now(), models });
    return models;
  }

  async #fetch(upstream: Upstream): Promise<readonly ListedModel[]> {
    const pool = this.#pools.for(upstream);
    const headers = { accept: 'application/json', 'accept-encoding': 'identity' };
    const call = await pool.authorize({
      method: 'GET',
      path: hostedPath(upstream.hosting, '', '/models'),
      headers,
      body: null,
    });
    return new Promise((resolve, reject) => {
      const pieces: Buffer[] = [];
      let bytes = 0;
      const give = (reason: string): void => {
        clearTimeout(timer);
        exchange.abort();
        reject(new Error(reason));
      };
      const exchange = dispatch(pool, call, {
        head: (status) => {
          if (status !== 200) give(`status ${status}`);
        },
        data: (chunk) => {
          bytes += chunk.length;
          if (bytes > LIST_LIMIT) give('too long');
          else pieces.push(Buffer.from(chunk));
        },
        end: () => {
          clearTimeout(timer);
          resolve(modelsIn(Buffer.concat(pieces).toString('utf8'), upstream));
        },
        fail: (error) => give(error.message),
      });
      const timer = setTimeout(() => give('too slow'), ASK_MS);
    });
  }
}

function modelsIn(text: string, upstream: Upstream): readonly ListedModel[] {
  try {
    const list = asObject(parseJson(text));
    const entries = asArray(list?.['data']) ?? asArray(list?.['models']) ?? [];
    return entries.flatMap((entry) => {
      const model = asObject(entry);
      const id = asString(model?.['id']) ?? asString(model?.['name'])?.replace(/^models\//, '');
      if (id === undefined) return [];
      const owner = asString(model?.['owned_by']) ?? upstream.name;
      return [listed(`${upstream.name}/${id}`, createdOf(model), owner)];
    });
  } catch {
    return [];
  }
}

// Seconds in most formats, a timestamp in one.
function createdOf(model: JsonObject | undefined): number {
  const told = asString(model?.['created_at']);
  const seconds = asNumber(model?.['created']) ?? (told === undefined ? 0 : Date.parse(told) / 1000);
  return Number.isFinite(seconds) ? Math.floor(seconds) : 0;
}

function listed(id: string, created: number, owner: string): ListedModel {
  return { id, created, createdAt: new Date(created * 1000).toISOString().replace('.000Z', 'Z'), owner };
}
