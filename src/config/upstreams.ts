import { nearestFirst } from '../model/nearest.ts';
import type { ProtocolId } from '../model/block.ts';
import { NAMES, rowOf } from '../providers/catalog.ts';
import {
  COMPATIBLE,
  COMPATIBLE_TASKS,
  baseUrlOf,
  hostingOf,
  settingsInPaths,
  usualAuth,
  usualTasks,
} from '../providers/provider.ts';
import type { Provider, SettingValues, TaskProtocols } from '../providers/provider.ts';
import { credentialOf } from './credentials.ts';
import type { Environment } from './environment.ts';
import { firstValue, settingValues } from './settings.ts';
import { Refusal } from './leaf.ts';
import type { ProviderEntry } from './provider-entry.ts';
import type { Bridge, Upstream } from './snapshot.ts';
import { isLoopback, readBaseUrl } from './values.ts';

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
  const row = rowOf(entry.kind ?? name);
  const values = settingValues(row, entry, environment);
  const hosting = hostingOf(entry.hosting ?? row?.hosting, values);
  const bridge = bridgeOf(row, entry);
  const baseUrl = baseUrlFor(row, entry, values, environment, hosting !== undefined) ?? (bridge && '');
  const wrong =
    nameRefusal(name) ?? settingRefusal(row, entry, values, baseUrl) ?? urlRefusal(name, baseUrl, own, bridge);
  if (wrong !== undefined || baseUrl === undefined) {
    if (wrong !== undefined) problem(wrong.key, wrong.message, wrong.mend);
    return undefined;
  }
  const protocol = protocolOf(row, entry);
  const auth = entry.auth ?? row?.auth ?? (protocol === undefined ? 'bearer' : usualAuth(protocol));
  const atHome = entry.baseUrl === undefined || entry.baseUrl === row?.baseUrl;
  const { delta } = entry.transcription;
  return {
    name,
    ...(row !== undefined && { row: row.name }),
    ...(protocol !== undefined && { protocol }),
    baseUrl,
    tasks: tasksOf(row, entry, protocol),
    auth,
    ...credentialOf({ auth, row, entry, values, environment, atHome, problem, warning }),
    ...(hosting !== undefined && { hosting }),
    ...(bridge !== undefined && { bridge }),
    deadlines: entry.deadlines,
    capabilities: {
      ...(row?.capabilities ?? COMPATIBLE),
      ...entry.capabilities,
      ...(delta !== undefined && { transcriptDelta: delta }),
    },
    models: entry.models,
  };
}

function protocolOf(row: Provider | undefined, entry: ProviderEntry): ProtocolId | undefined {
  if (entry.protocol !== undefined) return entry.protocol;
  if (entry.package !== undefined) return 'ai-sdk';
  return row === undefined ? 'openai-chat' : row.protocol;
}

function tasksOf(row: Provider | undefined, entry: ProviderEntry, protocol: ProtocolId | undefined): TaskProtocols {
  const usual = row?.tasks ?? (protocol === undefined ? COMPATIBLE_TASKS : usualTasks(protocol));
  const merged: unknown = Object.fromEntries(
    Object.entries({ ...usual, ...entry.tasks }).filter(([, format]) => format !== 'none'),
  );
  return merged as TaskProtocols;
}

function bridgeOf(row: Provider | undefined, entry: ProviderEntry): Bridge | undefined {
  const name = entry.package ?? row?.package;
  return name === undefined ? undefined : { package: name, options: entry.options };
}

function baseUrlFor(
  row: Provider | undefined,
  entry: ProviderEntry,
  values: SettingValues,
  environment: Environment,
  hosted: boolean,
): string | undefined {
  const url = entry.baseUrl ?? (row && (environmentUrl(row, environment) ?? baseUrlOf(row, values)));
  // Paths with a version in their query have none in the base URL.
  return hosted && values.apiVersion !== undefined ? url?.replace(/\/v1$/, '') : url;
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

function settingRefusal(
  row: Provider | undefined,
  entry: ProviderEntry,
  values: SettingValues,
  baseUrl: string | undefined,
): Wrong | undefined {
  const style = entry.hosting ?? row?.hosting;
  const inPaths = settingsInPaths(style);
  const needed = (row?.settings ?? []).filter(({ optional }) => optional !== true);
  const missing = (baseUrl === undefined ? needed.map(({ name }) => name) : inPaths).find(
    (setting) => values[setting] === undefined,
  );
  if (missing === undefined) return undefined;
  const variable = row?.settings.find(({ name }) => name === missing)?.variables[0];
  return {
    message: `it needs to know its ${missing}`,
    mend: `write \`${missing}: …\`${variable === undefined ? '' : `, or set ${variable}`}`,
  };
}

function urlRefusal(
  name: string,
  baseUrl: string | undefined,
  own: Own,
  bridge: Bridge | undefined,
): Wrong | undefined {
  if (baseUrl === undefined)
    return {
      message: `\`${name}\` has no \`base_url\`, and the catalog has no row of that name`,
      mend: `write \`base_url: http://…/v1\`, or \`kind:\` and a name that \`streamweir providers\` lists; the nearest: ${nearestFirst(name, NAMES).slice(0, 3).join(', ')}`,
    };
  if ((bridge !== undefined && baseUrl === '') || !isOwn(baseUrl, own)) return undefined;
  return {
    key: 'base_url',
    message: `${baseUrl} is this gateway itself`,
    mend: 'write where the provider is, or let the gateway listen on another port',
  };
}

function environmentUrl(row: Provider, environment: Environment): string | undefined {
  const found = firstValue(row.baseUrlVariables, environment);
  if (found === undefined) return undefined;
  const url = readBaseUrl(found.value);
  if (!(url instanceof Refusal))
    return row.versionPath !== undefined && new URL(url).pathname === '/' ? url + row.versionPath : url;
  environment.note(found.variable, url.message, url.mend);
  return undefined;
}

/** Whether a base URL leads back to the gateway. */
export function isOwn(baseUrl: string, own: Own): boolean {
  const url = new URL(baseUrl);
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return own.port !== 0 && port === own.port && (host === own.host || isLoopback(host));
}
