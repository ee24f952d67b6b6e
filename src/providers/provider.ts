import type { ProtocolId } from '../model/block.ts';
import type { Request } from '../model/request.ts';
import type { Capabilities, Hosting } from '../protocols/codec.ts';

/**
 * How a credential is shown: as `Authorization: Bearer`, in a header of the provider's own, as a signature of the call, or as a token that is
 * fetched with it.
 */
export type AuthScheme = (typeof AUTH_SCHEMES)[number];

/** Every {@link AuthScheme}. */
export const AUTH_SCHEMES = [
  'bearer',
  'x-api-key',
  'x-goog-api-key',
  'api-key',
  'sigv4',
  'service-account',
  'none',
] as const;

/** Every way of hosting models of others in which paths or bodies differ. */
export const HOSTING_STYLES: readonly Hosting['style'][] = ['azure', 'vertex', 'bedrock'];

/** The format of each task that is not text. */
export type TaskProtocols = Readonly<Partial<Record<Exclude<Request['task'], 'generation' | 'count'>, ProtocolId>>>;

/** What servers that copy OpenAI's paths are taken to have. */
export const COMPATIBLE_TASKS: TaskProtocols = {
  speech: 'openai-speech',
  transcription: 'openai-transcriptions',
  embedding: 'openai-embeddings',
  image: 'openai-images',
  'image-edit': 'openai-images',
  rerank: 'cohere-rerank',
  moderation: 'openai-moderations',
};

/** Names of the values besides the key that a base URL, a path or a signature needs. */
export const SETTINGS = [
  'account',
  'apiVersion',
  'gateway',
  'host',
  'location',
  'project',
  'region',
  'resource',
] as const;

/** One of {@link SETTINGS}. */
export type SettingName = (typeof SETTINGS)[number];

/** Where one of these values comes from. */
export interface Setting {
  readonly name: SettingName;
  /** Environment variables that hold it; the first that is set counts. */
  readonly variables: readonly string[];
  /** What it is where nothing says so. */
  readonly fallback?: string;
  /** The provider works without it. */
  readonly optional?: true;
}

/** Environment variables of a credential that comes in parts and signs calls. */
export interface AccessKeyVariables {
  readonly id: string;
  readonly secret: string;
  /** Of temporary keys. */
  readonly session: string;
}

/** Who hosts models, as data: where it is, what it speaks and what it can do. A row holds no secret. */
export interface Provider {
  /** The prefix in model ids, and the name in the configuration: `groq` in `groq/llama-3.3-70b`. */
  readonly name: string;
  /** Other prefixes under which it is found. */
  readonly aliases: readonly string[];
  /** The name people know it by. */
  readonly title: string;
  /** The text protocol it speaks; absent where it has no text models. */
  readonly protocol?: ProtocolId;
  /** Without a trailing slash; `{names}` of {@link settings} are filled in. */
  readonly baseUrl: string;
  /** Base URLs for some values of a setting, which do not fit the template. */
  readonly otherBaseUrls: readonly OtherBaseUrl[];
  /** Environment variables that hold the key; the first that is set counts. */
  readonly keyVariables: readonly string[];
  /** Environment variables that replace {@link baseUrl}; the first that is set counts. */
  readonly baseUrlVariables: readonly string[];
  /** What these variables leave out, because the provider's own clients add it: `/v1`. */
  readonly versionPath?: string;
  readonly settings: readonly Setting[];
  readonly accessKey?: AccessKeyVariables;
  /** Environment variables with the path of a JSON file that tokens are fetched with. */
  readonly credentialVariables: readonly string[];
  /** What it speaks where something else than text is asked for; a task that is absent is refused. */
  readonly tasks: TaskProtocols;
  readonly auth: AuthScheme;
  readonly hosting?: Hosting['style'];
  /** Runs on the operator's own machine and needs no key, so only its base URL variable or `discover` switches it on. */
  readonly local: boolean;
  /** The AI SDK package that reaches it, where no format of ours does. */
  readonly package?: string;
  readonly capabilities: Capabilities;
  /** Where the base URL was read. */
  readonly source: string;
  /** Where each capability that differs from {@link COMPATIBLE} was read. */
  readonly quirks: Readonly<Partial<Record<keyof Capabilities, string>>>;
}

/** A base URL for some values of a setting. */
export interface OtherBaseUrl {
  readonly setting: SettingName;
  readonly values: readonly string[];
  readonly baseUrl: string;
}

/** How servers of a format show a credential, where no row says so. */
export function usualAuth(protocol: ProtocolId): AuthScheme {
  return USUAL_AUTH[protocol] ?? 'bearer';
}

const USUAL_AUTH: Readonly<Partial<Record<ProtocolId, AuthScheme>>> = {
  'anthropic-messages': 'x-api-key',
  gemini: 'x-goog-api-key',
  'bedrock-converse': 'sigv4',
};

/** What servers of a text format offer besides, where no row says so. */
export function usualTasks(protocol: ProtocolId): TaskProtocols {
  if (protocol.startsWith('openai-')) return COMPATIBLE_TASKS;
  return protocol === 'gemini' ? { embedding: 'gemini' } : {};
}

/** What a server that copies OpenAI's format is taken to understand until its row or the configuration says otherwise. */
export const COMPATIBLE: Capabilities = {
  // The gateway asks again without it when a server answers 400.
  streamUsage: true,
  maxCompletionTokens: false,
  developerRole: false,
  namedChoiceStops: false,
  transcriptDelta: 'auto',
  schemaOutput: 'native',
};

/** Values of settings. */
export type SettingValues = Readonly<Partial<Record<SettingName, string>>>;

/** The base URL of a provider with its settings filled in; undefined while one is missing. */
export function baseUrlOf(row: Provider, values: SettingValues): string | undefined {
  const other = row.otherBaseUrls.find(({ setting, values: some }) => some.includes(values[setting] ?? ''));
  let missing = false;
  const url = (other?.baseUrl ?? row.baseUrl).replace(/\{(\w+)\}/g, (_whole, name: SettingName) => {
    const value = values[name];
    if (value === undefined) missing = true;
    return encodeURIComponent(value ?? '');
  });
  return missing ? undefined : url;
}

/** What paths cannot do without, whatever the base URL is. */
export function settingsInPaths(style: Hosting['style'] | undefined): readonly SettingName[] {
  return style === 'vertex' ? ['project', 'location'] : [];
}

/** How paths and bodies differ at a provider that hosts the models of others; undefined where they do not, or a value is missing. */
export function hostingOf(style: Hosting['style'] | undefined, values: SettingValues): Hosting | undefined {
  const { apiVersion, project, location } = values;
  switch (style) {
    case 'azure':
      // Without a version the paths are those of the format's makers.
      return apiVersion === undefined ? undefined : { style, apiVersion };
    case 'vertex':
      return project === undefined || location === undefined ? undefined : { style, project, location };
    case 'bedrock':
      return { style };
    case undefined:
      return undefined;
    default:
      return style satisfies never;
  }
}
