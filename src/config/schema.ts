import { z } from 'zod';
import type { ProtocolId } from '../model/block.ts';
import type { Capabilities } from '../protocols/codec.ts';
import { CATALOG } from '../providers/catalog.ts';
import { choice, count, duration, flag, leaf, size, text } from './leaf.ts';
import { section } from './section.ts';
import type { Deadlines, GatewayTimers, Limits } from './snapshot.ts';
import { readApiKey, readBaseUrl, readPort } from './values.ts';

/** One entry below `providers`, as written; what is absent comes from the catalog's row, if there is one. */
export interface ProviderEntry {
  readonly kind?: string;
  readonly protocol?: ProtocolId;
  readonly baseUrl?: string;
  readonly apiKey?: string;
  readonly models: readonly string[];
  readonly capabilities: Partial<Omit<Capabilities, 'transcriptDelta'>>;
  readonly transcription: { readonly delta?: Capabilities['transcriptDelta'] };
  readonly deadlines: Deadlines;
}

/** The whole file, checked, in our units; what has a default is there. */
export interface FileConfig {
  readonly providers: Readonly<Record<string, ProviderEntry>>;
  readonly server: { readonly host: string; readonly port: number };
  readonly limits: Limits;
  readonly timers: GatewayTimers;
  readonly responses: { readonly doneMarker: boolean };
  readonly chat: { readonly reasoningField: 'reasoning_content' | 'reasoning' | 'both' | 'off' };
  readonly log: { readonly level: LogLevel };
  readonly dataDir: string;
}

/** How much is logged, least first. */
export const LOG_LEVELS = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
type LogLevel = (typeof LOG_LEVELS)[number];

const LIMITS: z.ZodType<Limits> = section<Limits>(
  {
    body: size('40MiB', 'Body of a request.'),
    jsonDepth: count(64, 'Nesting of a JSON body.', 1, 1000),
    jsonTokens: count(250_000, 'Structural tokens (brackets, commas, colons) of a JSON body.', 100, 10_000_000),
    uploadFile: size('25MB', 'File of a transcription.'),
    uploadField: size('64KB', 'One other field of an upload.'),
    uploadParts: count(20, 'Parts of an upload.', 1, 1000),
    upstreamEvent: size('8MB', 'One event of an upstream.'),
    upstreamBody: size('32MB', 'A whole answer of an upstream.'),
    streamTotal: size('64MB', 'All bytes of one upstream stream.'),
    audioTotal: size('512MB', 'All bytes of one stream of raw audio.'),
    streamBuffer: size('256KB', 'Bytes that wait for one slow client before its upstream is paused.'),
  },
  'How much is taken in.',
);

const TIMERS: z.ZodType<GatewayTimers> = section<GatewayTimers>(
  {
    keepAlive: duration('15s', 'Silence towards a client before a comment is sent; `0s` sends none.', '0ms'),
    commitWait: duration('45s', 'How long the response headers wait for the first content.'),
    writeStall: duration('30s', 'How long a client may accept no byte.'),
    drain: duration('30s', 'How long a stopping process lets running answers finish.', '0ms'),
    usageGrace: duration('1s', 'How long late token counts are waited for after an answer has finished.', '0ms'),
  },
  "The gateway's own timers.",
);

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
  ['openai-chat', 'openai-responses', 'openai-completions'],
  'The text protocol it speaks. Audio paths hang off the same base URL. Default: that of the catalog, else `openai-chat`.',
);

const PORT: z.ZodType<number> = leaf(readPort, {
  type: ['integer', 'string'],
  description: 'Port to listen on; 0 takes a free one.',
  $comment: 'count',
});

const MODELS: z.ZodType<readonly string[]> = z
  .array(text('Name of a model.'))
  .meta({ description: 'Models to list; others are reachable by name all the same.', $comment: 'list of texts' });

const API_KEY: z.ZodType<string | undefined> = leaf(readApiKey, {
  type: 'string',
  description: 'Sent as bearer token. Best from the environment: `${ACME_KEY}`.',
  $comment: 'text',
});

const PROVIDER: z.ZodType<ProviderEntry> = z
  .strictObject({
    protocol: PROTOCOL.optional(),
    base_url: text('Where it is, up to and with `/v1`. Default: that of the catalog.', readBaseUrl).optional(),
    api_key: API_KEY.optional(),
    kind: choice([...CATALOG.keys()], 'Row of the catalog to start from, where the name is another.').optional(),
    models: MODELS.prefault([]),
    connect_timeout: duration('5s', 'DNS, TCP and TLS; part of `timeout`.'),
    timeout: duration(
      '30s',
      'One attempt up to the first event of its stream: connect, sending, headers, first event.',
    ),
    idle_timeout: duration('60s', 'Between two events of a stream; comments and pings count as life.'),
    progress_timeout: duration('300s', 'Without content, although pings arrive.'),
    max_stream_duration: duration('60m', 'A whole stream.'),
    whole_timeout: duration('300s', 'An upstream call that is not streamed, connect to last byte.', '1ms', '15m'),
    capabilities: CAPABILITIES.prefault({}),
    transcription: TRANSCRIPTION.prefault({}),
  })
  .transform((entry) => ({
    ...(entry.kind !== undefined && { kind: entry.kind }),
    ...(entry.protocol !== undefined && { protocol: entry.protocol }),
    ...(entry.base_url !== undefined && { baseUrl: entry.base_url }),
    ...(entry.api_key !== undefined && { apiKey: entry.api_key }),
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
  }));

/** An entry that says nothing. */
export const DEFAULT_ENTRY: ProviderEntry = PROVIDER.parse({});

/** The schema of the file. */
export const CONFIG: z.ZodType<FileConfig> = section<FileConfig>(
  {
    providers: z
      .record(z.string(), PROVIDER)
      .meta({
        description: 'The upstreams, by the prefix they have in model ids.',
        propertyNames: { pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$' },
      })
      .prefault({}),
    server: section<FileConfig['server']>(
      {
        host: text('Address to listen on.').prefault('127.0.0.1'),
        port: PORT.prefault(8080),
      },
      'Where the gateway listens.',
    ).prefault({}),
    limits: LIMITS.prefault({}),
    timers: TIMERS.prefault({}),
    responses: section<FileConfig['responses']>(
      { doneMarker: flag('End streams of `/v1/responses` with `[DONE]` too.').prefault(false) },
      'The dialect of `/v1/responses`.',
    ).prefault({}),
    chat: section<FileConfig['chat']>(
      {
        reasoningField: choice(
          ['reasoning_content', 'reasoning', 'both', 'off'],
          'The field that reasoning is written to.',
        ).prefault('reasoning_content'),
      },
      'The dialect of `/v1/chat/completions`.',
    ).prefault({}),
    log: section<FileConfig['log']>(
      { level: choice(LOG_LEVELS, 'How much is logged.').prefault('info') },
      'The log.',
    ).prefault({}),
    dataDir: text('Directory for what the gateway keeps.').prefault('data'),
  },
  'Configuration of Streamweir.',
);
