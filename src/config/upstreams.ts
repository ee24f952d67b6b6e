import { COMPATIBLE, COMPATIBLE_TASKS } from '../providers/provider.ts';
import type { Provider } from '../providers/provider.ts';
import { CATALOG } from '../providers/catalog.ts';
import type { Environment } from './environment.ts';
import { Refusal } from './leaf.ts';
import type { ProviderEntry } from './schema.ts';
import type { Upstream } from './snapshot.ts';
import { isLoopback, readApiKey, readBaseUrl } from './values.ts';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Takes a remark on one entry: the key it is about (none for the entry itself), what is wrong and what to write instead. */
export type Remark = (key: string | undefined, message: string, mend: string) => void;

/** Where the gateway itself will listen; an upstream there would be a circle. */
export interface Own {
  readonly host: string;
  readonly port: number;
}

/** The upstream that an entry amounts to, its gaps filled from catalog and environment; undefined when it cannot work, with the reason given to `problem`. */
export function toUpstream(
  name: string,
  entry: ProviderEntry,
  environment: Environment,
  own: Own,
  problem: Remark,
  warning: Remark,
): Upstream | undefined {
  const row = CATALOG.get(entry.kind ?? name);
  const baseUrl = entry.baseUrl ?? (row && environmentUrl(row, environment)) ?? row?.baseUrl;
  const wrong = nameRefusal(name) ?? urlRefusal(name, baseUrl, own);
  if (wrong !== undefined || baseUrl === undefined) {
    if (wrong !== undefined) problem(wrong.key, wrong.message, wrong.mend);
    return undefined;
  }
  const apiKey = entry.apiKey ?? catalogKey(row, entry, environment, warning);
  const { delta } = entry.transcription;
  return {
    name,
    protocol: entry.protocol ?? row?.protocol ?? 'openai-chat',
    baseUrl,
    tasks: row?.tasks ?? COMPATIBLE_TASKS,
    auth: row?.auth ?? 'bearer',
    ...(apiKey !== undefined && { apiKey }),
    deadlines: entry.deadlines,
    capabilities: {
      ...(row?.capabilities ?? COMPATIBLE),
      ...entry.capabilities,
      ...(delta !== undefined && { transcriptDelta: delta }),
    },
    models: entry.models,
  };
}

interface Wrong {
  readonly key?: string;
  readonly message: string;
  readonly mend: string;
}

function nameRefusal(name: string): Wrong | undefined {
  if (name === 'sandbox')
    return { message: 'the name `sandbox` is taken by the embedded provider', mend: 'choose another name' };
  if (NAME.test(name)) return undefined;
  return {
    message: `\`${name}\` cannot be a provider's name: it is the part of a model id before the first slash`,
    mend: 'use letters, digits, `.`, `_` and `-`, starting with a letter or digit',
  };
}

function urlRefusal(name: string, baseUrl: string | undefined, own: Own): Wrong | undefined {
  if (baseUrl === undefined)
    return {
      message: `\`${name}\` has no \`base_url\`, and the catalog has no row of that name`,
      mend: `write \`base_url: http://…/v1\`, or \`kind:\` and one of ${[...CATALOG.keys()].join(', ')}`,
    };
  if (!isOwn(baseUrl, own)) return undefined;
  return {
    key: 'base_url',
    message: `${baseUrl} is this gateway itself`,
    mend: 'write where the provider is, or let the gateway listen on another port',
  };
}

/** The rows of the catalog that the environment switches on: by a key, or by a base URL where no key is needed. */
export function environmentRows(environment: Environment): readonly string[] {
  return [...CATALOG.values()]
    .filter(
      (row) =>
        environment.get(row.baseUrlVariable) !== undefined ||
        (!row.local && environment.get(row.keyVariable) !== undefined),
    )
    .map((row) => row.name);
}

// The environment's key belongs to the catalog's host; it goes to another one only when the file says so in words.
function catalogKey(
  row: Provider | undefined,
  entry: ProviderEntry,
  environment: Environment,
  warning: Remark,
): string | undefined {
  if (row === undefined || (environment.get(row.keyVariable) ?? '') === '') return undefined;
  if (entry.baseUrl === undefined || entry.baseUrl === row.baseUrl) return environmentKey(row, environment);
  warning(
    'base_url',
    `${row.keyVariable} is not sent to a base_url of your own`,
    `write \`api_key: \${${row.keyVariable}}\` if it should be`,
  );
  return undefined;
}

function environmentKey(row: Provider, environment: Environment): string | undefined {
  const key = readApiKey(environment.get(row.keyVariable));
  if (!(key instanceof Refusal)) return key;
  environment.note(row.keyVariable, key.message, key.mend);
  return undefined;
}

function environmentUrl(row: Provider, environment: Environment): string | undefined {
  const text = environment.get(row.baseUrlVariable);
  if (text === undefined) return undefined;
  const url = readBaseUrl(text);
  if (!(url instanceof Refusal)) return url;
  environment.note(row.baseUrlVariable, url.message, url.mend);
  return undefined;
}

function isOwn(baseUrl: string, own: Own): boolean {
  const url = new URL(baseUrl);
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return own.port !== 0 && port === own.port && (host === own.host || isLoopback(host));
}
