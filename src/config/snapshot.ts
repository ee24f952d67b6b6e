import type { ProtocolId } from '../model/block.ts';
import type { JsonObject } from '../model/json.ts';
import type { Capabilities, DialectOptions, Hosting } from '../protocols/codec.ts';
import type { AuthScheme, TaskProtocols } from '../providers/provider.ts';

/** Deadlines of one upstream, in milliseconds (`reliability` §4.1). */
export interface Deadlines {
  /** DNS, TCP and TLS. */
  readonly connect: number;
  /** One attempt up to its first event: connect, sending, response headers, first event. */
  readonly first: number;
  /** Between two complete events afterwards; comments and pings count as life. */
  readonly idle: number;
  /** Without any content event although pings arrive. */
  readonly progress: number;
  /** The whole stream. */
  readonly stream: number;
  /** An upstream call that is not streamed, connect to last byte. */
  readonly whole: number;
}

/** A credential that signs calls and is never sent. */
export interface AccessKey {
  readonly id: string;
  readonly secret: string;
  /** Of temporary keys. */
  readonly session?: string;
  readonly region: string;
}

/** What tokens are fetched with: a key of an account, a grant of a person, or the machine itself. */
export type TokenSource =
  | {
      readonly kind: 'account';
      readonly email: string;
      /** PEM. */
      readonly privateKey: string;
      readonly keyId?: string;
      readonly tokenUrl: string;
    }
  | {
      readonly kind: 'grant';
      readonly clientId: string;
      readonly clientSecret: string;
      readonly refreshToken: string;
      readonly tokenUrl: string;
    }
  | { readonly kind: 'machine'; readonly tokenUrl: string };

/** The package that reaches an upstream in place of a format of ours, and what it is made with. */
export interface Bridge {
  readonly package: string;
  readonly options: JsonObject;
}

/** A configured connection: base URL and credential under the prefix it has in model ids. */
export interface Upstream {
  readonly name: string;
  /** Name of the catalog's row that it was made from. */
  readonly row?: string;
  /** The text protocol it speaks; absent where it has no text models. Other tasks hang off the same base URL. */
  readonly protocol?: ProtocolId;
  /** What it speaks where something else than text is asked for. */
  readonly tasks: TaskProtocols;
  /** Without a trailing slash: `https://api.example.com/v1`; empty where a package knows it. */
  readonly baseUrl: string;
  readonly auth: AuthScheme;
  readonly apiKey?: string;
  readonly accessKey?: AccessKey;
  readonly tokenSource?: TokenSource;
  /** Absent where the format's own makers host it. */
  readonly hosting?: Hosting;
  readonly bridge?: Bridge;
  readonly deadlines: Deadlines;
  readonly capabilities: Capabilities;
  /** Models to list; others are still reachable by name. */
  readonly models: readonly string[];
}

/** Sizes in bytes, counts as numbers (`reliability` §11). */
export interface Limits {
  readonly body: number;
  readonly jsonDepth: number;
  readonly jsonTokens: number;
  readonly uploadFile: number;
  readonly uploadField: number;
  readonly uploadParts: number;
  readonly upstreamEvent: number;
  readonly upstreamBody: number;
  readonly streamTotal: number;
  readonly audioTotal: number;
  /** Bytes waiting for one slow client before its upstream is paused. */
  readonly streamBuffer: number;
}

/** Timers of the gateway itself, in milliseconds; 0 turns a keep-alive off. */
export interface GatewayTimers {
  readonly keepAlive: number;
  /** How long the response headers wait for the first content. */
  readonly commitWait: number;
  /** How long a client may accept no byte. */
  readonly writeStall: number;
  /** How long a stopping process lets running answers finish. */
  readonly drain: number;
  /** How long a whole answer's late usage is waited for after its finish reason. */
  readonly usageGrace: number;
}

/** What is kept of answers, where, and how long. */
export interface Keeping {
  /** `off`: every answer behaves as if the client had asked that it not be kept. */
  readonly driver: 'sqlite' | 'memory' | 'off';
  /** Milliseconds. */
  readonly retention: number;
  /** Bytes. */
  readonly maxSize: number;
}

/** The configuration as one immutable value, swapped whole on reload. */
export interface Snapshot {
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  /** By prefix. Empty means: every model name is answered by the sandbox. */
  readonly upstreams: ReadonlyMap<string, Upstream>;
  /** Other prefixes of upstreams. */
  readonly aliases: ReadonlyMap<string, Upstream>;
  /** Whether servers on this machine are looked for at start. */
  readonly discover: boolean;
  readonly limits: Limits;
  readonly timers: GatewayTimers;
  readonly store: Keeping;
  /** Whether `GET /v1/responses` may become a WebSocket. */
  readonly webSocket: boolean;
  readonly dialects: DialectOptions;
  readonly logLevel: string;
}
