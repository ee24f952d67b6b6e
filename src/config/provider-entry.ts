import { z } from 'zod';
import type { ProtocolId } from '../model/block.ts';
import type { JsonObject } from '../model/json.ts';
import type { Capabilities, Hosting } from '../protocols/codec.ts';
import { NAMES } from '../providers/catalog.ts';
import { AUTH_SCHEMES, HOSTING_STYLES } from '../providers/provider.ts';
import type { AuthScheme, SettingValues, TaskProtocols } from '../providers/provider.ts';
import { choice, duration, flag, leaf, text } from './leaf.ts';
import { section } from './section.ts';
import type { Deadlines } from './snapshot.ts';
import { readApiKey, readBaseUrl } from './values.ts';

/** One entry below `providers`, as written; what is absent comes from the catalog's row, if there is one. */
export interface ProviderEntry {
  readonly kind?: string;
  readonly protocol?: ProtocolId;
  readonly baseUrl?: string;
  readonly apiKey?: string;
  readonly auth?: AuthScheme;
  readonly hosting?: Hosting['style'];
  readonly settings: SettingValues;
  readonly accessKey: { readonly id?: string; readonly secret?: string; readonly session?: string };
  /** Path of a JSON file, its content, or `machine`. */
  readonly credentials?: string;
  /** What is written here; `none` takes a task away. */
  readonly tasks: Readonly<Partial<Record<keyof TaskProtocols, ProtocolId | 'none'>>>;
  readonly package?: string;
  readonly options: JsonObject;
  readonly models: readonly string[];
  readonly capabilities: Partial<Omit<Capabilities, 'transcriptDelta'>>;
  readonly transcription: { readonly delta?: Capabilities['transcriptDelta'] };
  readonly deadlines: Deadlines;
}

const CAPABILITIES = section<ProviderEntry['capabilities']>(
  {
    streamUsage: flag('Counts tokens in a stream when asked to.').optional(),
    maxCompletionTokens: flag('Takes `max_completion_tokens` instead of `max_tokens`.').optional(),
    developerRole: flag('Knows the role `developer`; others get `system`.').optional(),
    namedChoiceStops: flag('Says `stop` after a tool call that the request named, and means it.').optional(),
    schemaOutput: choice(
      ['native', 'tool'],
      'How an answer is held to a JSON schema: a field of the request, or a tool that must be called.',
    ).optional(),
  },
  'What the server can do, where its row in the catalog is wrong or missing.',
);

const TRANSCRIPTION = section<ProviderEntry['transcription']>(
  {
    delta: choice(
      ['incremental', 'cumulative', 'auto'],
      'How the text pieces of a streamed transcription relate; `auto` finds out.',
    ).optional(),
  },
  'Transcriptions of this provider.',
);

const PROTOCOL: z.ZodType<ProtocolId> = choice(
  [
    'openai-chat',
    'openai-responses',
    'openai-completions',
    'anthropic-messages',
    'gemini',
    'bedrock-converse',
    'ai-sdk',
  ],
  'The text protocol it speaks. Other tasks hang off the same base URL. Default: that of the catalog, else `openai-chat`; with `package`, `ai-sdk`.',
);

const TASK_FORMATS = {
  speech: ['openai-speech', 'ai-sdk'],
  transcription: ['openai-transcriptions', 'ai-sdk'],
  embedding: ['openai-embeddings', 'gemini'],
  image: ['openai-images'],
  image_edit: ['openai-images'],
  rerank: ['cohere-rerank'],
  moderation: ['openai-moderations'],
} as const satisfies Readonly<Record<string, readonly ProtocolId[]>>;

const TASKS: z.ZodType<ProviderEntry['tasks']> = z
  .strictObject(
    Object.fromEntries(
      Object.entries(TASK_FORMATS).map(([task, formats]) => [
        task,
        choice(
          [...formats, 'none'],
          `How it is asked for ${task.replace('_', ' ')}; \`none\`: it has nothing of it.`,
        ).optional(),
      ]),
    ),
  )
  .transform((tasks) => {
    const named: unknown = Object.fromEntries(
      Object.entries(tasks).map(([task, format]) => [task.replace('_', '-'), format]),
    );
    // Keys and words are those of TASK_FORMATS.
    return named as ProviderEntry['tasks'];
  })
  .meta({ description: 'What it offers besides text, where its row in the catalog is wrong or missing.' });

const MODELS: z.ZodType<readonly string[]> = z
  .array(text('Name of a model.'))
  .meta({ description: 'Models to list; others are reachable by name all the same.', $comment: 'list of texts' });

function secret(description: string): z.ZodType<string | undefined> {
  return leaf(readApiKey, { type: 'string', description, $comment: 'text' });
}

const OPTIONS: z.ZodType<JsonObject> = z
  .record(z.string(), z.json())
  .transform((options): JsonObject => {
    const plain: unknown = options;
    return plain as JsonObject;
  })
  .meta({ description: "What the package's provider is made with, besides `apiKey` and `baseURL`.", $comment: 'map' });

const SHAPE = {
  protocol: PROTOCOL.optional(),
  base_url: text('Where it is, up to and with `/v1`. Default: that of the catalog.', readBaseUrl).optional(),
  api_key: secret('The credential. Best from the environment: `${ACME_KEY}`.').optional(),
  auth: choice(
    AUTH_SCHEMES,
    'How the credential is shown: as bearer token, in a header of that name, as signature, or as a token fetched with it.',
  ).optional(),
  kind: choice(NAMES, 'Row of the catalog to start from, where the name is another.').optional(),
  models: MODELS.prefault([]),
  hosting: choice(HOSTING_STYLES, 'Whose paths it has, where that is not the makers of its format.').optional(),
  account: text('Account, where the base URL has one.').optional(),
  api_version: text('Version of the paths, where they have one.').optional(),
  gateway: text("Name of the provider's own gateway, where the base URL has one.").optional(),
  host: text('Host of your workspace, where the base URL has one.').optional(),
  location: text('Location, where the base URL has one.').optional(),
  project: text('Project, where paths have one.').optional(),
  region: text('Region, where base URL or signature have one.').optional(),
  resource: text('Name of the resource, where the base URL has one.').optional(),
  access_key_id: secret('First part of a key that signs.').optional(),
  secret_access_key: secret('Second part of a key that signs. Best from the environment.').optional(),
  session_token: secret('Third part of a temporary key that signs.').optional(),
  credentials: text(
    'For tokens that are fetched: path of a JSON file, its content, or `machine` for what the machine itself may do.',
  ).optional(),
  tasks: TASKS.prefault({}),
  package: text('AI SDK package that reaches it, installed by you: `@ai-sdk/…`.').optional(),
  options: OPTIONS.prefault({}),
  connect_timeout: duration('5s', 'DNS, TCP and TLS; part of `timeout`.'),
  timeout: duration('30s', 'One attempt up to the first event of its stream: connect, sending, headers, first event.'),
  idle_timeout: duration('60s', 'Between two events of a stream; comments and pings count as life.'),
  progress_timeout: duration('300s', 'Without content, although pings arrive.'),
  max_stream_duration: duration('60m', 'A whole stream.'),
  whole_timeout: duration('300s', 'An upstream call that is not streamed, connect to last byte.', '1ms', '15m'),
  capabilities: CAPABILITIES.prefault({}),
  transcription: TRANSCRIPTION.prefault({}),
};

const FILE_ENTRY = z.strictObject(SHAPE);

/** The schema of one entry. */
export const PROVIDER: z.ZodType<ProviderEntry> = FILE_ENTRY.transform(entryOf);

function entryOf(entry: z.output<typeof FILE_ENTRY>): ProviderEntry {
  return {
    ...present({
      kind: entry.kind,
      protocol: entry.protocol,
      baseUrl: entry.base_url,
      apiKey: entry.api_key,
      auth: entry.auth,
      hosting: entry.hosting,
      credentials: entry.credentials,
      package: entry.package,
    }),
    settings: present({
      account: entry.account,
      apiVersion: entry.api_version,
      gateway: entry.gateway,
      host: entry.host,
      location: entry.location,
      project: entry.project,
      region: entry.region,
      resource: entry.resource,
    }),
    accessKey: present({ id: entry.access_key_id, secret: entry.secret_access_key, session: entry.session_token }),
    tasks: entry.tasks,
    options: entry.options,
    models: entry.models,
    capabilities: entry.capabilities,
    transcription: entry.transcription,
    deadlines: {
      connect: Math.min(entry.connect_timeout, entry.timeout),
      first: entry.timeout,
      idle: entry.idle_timeout,
      progress: entry.progress_timeout,
      stream: entry.max_stream_duration,
      whole: entry.whole_timeout,
    },
  };
}

type Present<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

function present<T extends object>(values: T): Present<T> {
  const kept: unknown = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
  return kept as Present<T>;
}

/** An entry that says nothing. */
export const DEFAULT_ENTRY: ProviderEntry = PROVIDER.parse({});
