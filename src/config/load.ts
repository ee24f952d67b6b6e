import { existsSync, readFileSync } from 'node:fs';
import { ConfigDocument } from './document.ts';
import { Environment } from './environment.ts';
import type { Env } from './environment.ts';
import { Refusal } from './leaf.ts';
import type { ConfigProblem } from './problem.ts';
import { rowOf } from '../providers/catalog.ts';
import { DEFAULT_ENTRY } from './provider-entry.ts';
import { CONFIG, LOG_LEVELS } from './schema.ts';
import type { FileConfig } from './schema.ts';
import { issueProblems } from './issues.ts';
import type { Snapshot, Upstream } from './snapshot.ts';
import { environmentRows } from './settings.ts';
import { toUpstream } from './upstreams.ts';
import type { Own, Remark } from './upstreams.ts';
import { isLoopback, readPort } from './values.ts';

/** The file that is read when none is named, if it is there. */
export const DEFAULT_FILE = 'streamweir.yaml';

/** Where a configuration comes from; what stands here wins over the environment, which wins over the file. */
export interface LoadOptions {
  /** Path of the file; without it, {@link DEFAULT_FILE} in the working directory, if there is one. */
  readonly file?: string;
  /** The file's content, instead of reading it. */
  readonly text?: string;
  readonly env: Env;
  readonly host?: string;
  readonly port?: number;
  readonly dataDir?: string;
}

/** A configuration that can be served, or all that is wrong with it. */
export type LoadResult =
  | { readonly ok: true; readonly snapshot: Snapshot; readonly warnings: readonly ConfigProblem[] }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[]; readonly warnings: readonly ConfigProblem[] };

/** Reads file, environment and command line into one snapshot; never throws for what an operator can mend. */
export function loadConfig(options: LoadOptions): LoadResult {
  return new Loader(options).load();
}

class Loader {
  readonly #options: LoadOptions;
  readonly #environment: Environment;
  readonly #problems: ConfigProblem[] = [];
  readonly #warnings: ConfigProblem[] = [];

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#environment = new Environment(options.env);
  }

  load(): LoadResult {
    const document = this.#read();
    const config = document && this.#check(document);
    const snapshot = config && this.#snapshot(document, config);
    const problems = [...this.#problems, ...this.#environment.problems].toSorted(
      (a, b) => (a.line ?? 0) - (b.line ?? 0),
    );
    if (snapshot === undefined || problems.length > 0) return { ok: false, problems, warnings: this.#warnings };
    return { ok: true, snapshot, warnings: this.#warnings };
  }

  #read(): ConfigDocument | undefined {
    const file = this.#options.file ?? DEFAULT_FILE;
    let { text } = this.#options;
    if (text === undefined && (this.#options.file !== undefined || existsSync(file))) {
      try {
        text = readFileSync(file, 'utf8');
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? String(error.code) : 'error';
        this.#problems.push({
          file,
          message: `cannot be read (${code})`,
          mend: 'name a file that this user may read: `--config FILE`',
        });
        return undefined;
      }
    }
    return new ConfigDocument(file, text ?? '', this.#environment);
  }

  #check(document: ConfigDocument): FileConfig | undefined {
    this.#warnings.push(...document.warnings);
    this.#problems.push(...document.problems);
    if (document.value === undefined) return undefined;
    const parsed = CONFIG.safeParse(document.value);
    if (parsed.success) return this.#problems.length === 0 ? parsed.data : undefined;
    this.#problems.push(...issueProblems(document, parsed.error.issues));
    return undefined;
  }

  #snapshot(document: ConfigDocument, config: FileConfig): Snapshot {
    const own = { host: this.#host(config, document), port: this.#port(config) };
    const upstreams = this.#upstreams(document, config, own);
    return {
      ...own,
      dataDir: this.#options.dataDir ?? config.dataDir,
      upstreams,
      aliases: aliasesOf(upstreams, config),
      discover: config.discover,
      limits: config.limits,
      timers: config.timers,
      store: config.store,
      webSocket: config.responses.websocket,
      dialects: { responsesDoneMarker: config.responses.doneMarker, chatReasoningField: config.chat.reasoningField },
      logLevel: this.#logLevel(config),
    };
  }

  #host(config: FileConfig, document: ConfigDocument): string {
    const variable = this.#environment.get('HOST');
    const host = (this.#options.host ?? variable ?? config.server.host).replace(/^\[|\]$/g, '');
    if (isLoopback(host)) return host;
    const message = `listening on ${host} would let everyone who reaches this machine spend your provider keys: there are no keys for clients yet`;
    const mend = 'listen on 127.0.0.1, and put a proxy that authenticates in front';
    if (this.#options.host !== undefined)
      this.#problems.push({ file: 'command line', message: `--host: ${message}`, mend });
    else if (variable !== undefined) this.#environment.note('HOST', message, `unset HOST, or pass --host 127.0.0.1`);
    else this.#problems.push(document.problemAt(['server', 'host'], message, mend));
    return host;
  }

  #port(config: FileConfig): number {
    const variable = this.#environment.get('PORT');
    if (this.#options.port !== undefined) return this.#options.port;
    if (variable === undefined) return config.server.port;
    const port = readPort(variable);
    if (!(port instanceof Refusal)) return port;
    this.#environment.note('PORT', port.message, port.mend);
    return config.server.port;
  }

  #logLevel(config: FileConfig): string {
    const variable = this.#environment.get('LOG_LEVEL')?.toLowerCase();
    if (variable === undefined) return config.log.level;
    const level = LOG_LEVELS.find((known) => known === variable);
    if (level === undefined)
      this.#environment.note('LOG_LEVEL', `not a level: ${variable}`, `use one of ${LOG_LEVELS.join(', ')}`);
    return level ?? config.log.level;
  }

  #upstreams(document: ConfigDocument, config: FileConfig, own: Own): ReadonlyMap<string, Upstream> {
    const upstreams = new Map<string, Upstream>();
    for (const [name, entry] of Object.entries(config.providers)) {
      const into =
        (list: ConfigProblem[]): Remark =>
        (key, message, mend) => {
          list.push(document.problemAt(['providers', name, ...(key === undefined ? [] : [key])], message, mend));
        };
      const upstream = toUpstream(name, entry, this.#environment, own, into(this.#problems), into(this.#warnings));
      if (upstream !== undefined) upstreams.set(name, upstream);
    }
    for (const { name, aliases } of environmentRows(this.#environment, DEFAULT_ENTRY)) {
      if ([name, ...aliases].some((known) => Object.hasOwn(config.providers, known))) continue;
      const warn: Remark = (_key, message, mend) => {
        // A base URL that is the gateway itself is common here: the same shell is often set up for a client of it.
        this.#warnings.push({ file: 'environment', message: `${name} is left out: ${message}`, mend });
      };
      const upstream = toUpstream(name, DEFAULT_ENTRY, this.#environment, own, warn, warn);
      if (upstream !== undefined) upstreams.set(name, upstream);
    }
    return upstreams;
  }
}

// A row has one upstream and may have several names; one that is an upstream of its own stays that.
function aliasesOf(upstreams: ReadonlyMap<string, Upstream>, { providers }: FileConfig): ReadonlyMap<string, Upstream> {
  const aliases = new Map<string, Upstream>();
  for (const upstream of upstreams.values()) {
    const row = providers[upstream.name]?.kind === undefined ? rowOf(upstream.name) : undefined;
    if (row === undefined) continue;
    for (const name of [row.name, ...row.aliases]) if (!upstreams.has(name)) aliases.set(name, upstream);
  }
  return aliases;
}
