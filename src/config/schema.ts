import { z } from 'zod';
import { choice, count, duration, flag, leaf, size, text } from './leaf.ts';
import { PROVIDER } from './provider-entry.ts';
import type { ProviderEntry } from './provider-entry.ts';
import { section } from './section.ts';
import type { GatewayTimers, Keeping, Limits } from './snapshot.ts';
import { readPort } from './values.ts';

/** The whole file, checked, in our units; what has a default is there. */
export interface FileConfig {
  readonly providers: Readonly<Record<string, ProviderEntry>>;
  readonly discover: boolean;
  readonly server: { readonly host: string; readonly port: number };
  readonly limits: Limits;
  readonly timers: GatewayTimers;
  readonly responses: { readonly doneMarker: boolean; readonly websocket: boolean };
  readonly store: Keeping;
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
    uploadFile: size('25MB', 'One file of an upload.'),
    uploadField: size('64KB', 'One other field of an upload.'),
    uploadParts: count(64, 'Parts of an upload.', 1, 1000),
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

const PORT: z.ZodType<number> = leaf(readPort, {
  type: ['integer', 'string'],
  description: 'Port to listen on; 0 takes a free one.',
  $comment: 'count',
});

const STORE: z.ZodType<Keeping> = section<Keeping>(
  {
    driver: choice(
      ['sqlite', 'memory', 'off'],
      'Where answers are kept: a file in `data_dir`, the memory of the process, or nowhere.',
    ).prefault('sqlite'),
    retention: duration('30d', 'How long an answer is kept.', '1m', '3650d'),
    maxSize: size('256MiB', 'How much is kept; beyond it the oldest go first.', '1MB', '1000GB'),
  },
  'The answers that clients of `/v1/responses` may come back to; one asked for with `store: false` is never kept.',
);

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
    discover: flag('Look for servers on this machine at start: each at its default port, for a moment.').prefault(
      false,
    ),
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
      {
        doneMarker: flag('End streams of `/v1/responses` with `[DONE]` too.').prefault(false),
        websocket: flag('Let clients open a WebSocket on `/v1/responses`.').prefault(true),
      },
      'The dialect of `/v1/responses`.',
    ).prefault({}),
    store: STORE.prefault({}),
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
