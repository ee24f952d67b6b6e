import type { ProtocolId } from '../model/block.ts';
import type { Capabilities, Hosting } from '../protocols/codec.ts';
import { COMPATIBLE } from './provider.ts';
import type { AccessKeyVariables, AuthScheme, OtherBaseUrl, Provider, Setting, TaskProtocols } from './provider.ts';

/** A capability in which a provider differs from the usual, and where that was read. */
export interface Quirk {
  readonly flags: Partial<Capabilities>;
  readonly source: string;
}

/** A provider as it is written down: what is usual is left out. */
export interface Row {
  readonly title: string;
  readonly baseUrl: string;
  /** Where the base URL was read. */
  readonly source: string;
  readonly aliases?: readonly string[];
  /** Default: `openai-chat`; `null` = it has no text models. */
  readonly protocol?: ProtocolId | null;
  /** Variables that hold its key; default: `<NAME>_API_KEY`. */
  readonly keys?: readonly string[];
  /** Variables that hold its base URL; default: `<NAME>_BASE_URL`. */
  readonly urls?: readonly string[];
  readonly versionPath?: string;
  readonly settings?: readonly Setting[];
  readonly otherBaseUrls?: readonly OtherBaseUrl[];
  readonly accessKey?: AccessKeyVariables;
  readonly credentials?: readonly string[];
  /** Default: none but text. */
  readonly tasks?: TaskProtocols;
  /** Default: `bearer`. */
  readonly auth?: AuthScheme;
  readonly hosting?: Hosting['style'];
  readonly local?: true;
  readonly package?: string;
  readonly quirks?: readonly Quirk[];
}

/** Rows by name. */
export type Rows = Readonly<Record<string, Row>>;

/** Embeddings in the format that most have them in. */
export const EMBEDDINGS: TaskProtocols = { embedding: 'openai-embeddings' };

/** The provider that a row stands for. */
export function providerOf(name: string, row: Row): Provider {
  const variable = name.toUpperCase().replaceAll('-', '_');
  const quirks = row.quirks ?? [];
  return {
    name,
    aliases: row.aliases ?? [],
    title: row.title,
    ...(row.protocol !== null && { protocol: row.protocol ?? 'openai-chat' }),
    baseUrl: row.baseUrl,
    otherBaseUrls: row.otherBaseUrls ?? [],
    keyVariables: row.keys ?? [`${variable}_API_KEY`],
    baseUrlVariables: row.urls ?? [`${variable}_BASE_URL`],
    ...(row.versionPath !== undefined && { versionPath: row.versionPath }),
    settings: row.settings ?? [],
    ...(row.accessKey !== undefined && { accessKey: row.accessKey }),
    credentialVariables: row.credentials ?? [],
    tasks: row.tasks ?? {},
    auth: row.auth ?? 'bearer',
    ...(row.hosting !== undefined && { hosting: row.hosting }),
    local: row.local ?? false,
    ...(row.package !== undefined && { package: row.package }),
    capabilities: Object.assign({ ...COMPATIBLE }, ...quirks.map(({ flags }) => flags)) as Capabilities,
    source: row.source,
    quirks: Object.fromEntries(quirks.flatMap(({ flags, source }) => Object.keys(flags).map((flag) => [flag, source]))),
  };
}
