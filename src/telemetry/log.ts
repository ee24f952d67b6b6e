import pino from 'pino';
import { grandTotal, inputTotal, outputTotal } from '../model/usage.ts';
import type { Usage } from '../model/usage.ts';
import type { UsageRecord } from '../model/record.ts';

// A write for each line would cost a busy gateway more than the line itself.
const BATCH_CHARACTERS = 15 * 1024;
const FLUSH_MS = 100;

/** Writes the access log: one JSON line per request, with no prompt and no answer in it. */
export class AccessLog {
  readonly #log: pino.Logger;
  readonly #access: boolean;
  readonly #write: (line: string) => void;
  readonly #flush: () => void;
  readonly #close: () => void;

  /** @param write takes one line without its line end; default is standard output */
  constructor(level: string, write?: (line: string) => void) {
    const options: pino.LoggerOptions = {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    };
    if (write === undefined) {
      // Written behind the answers, not between them; `close` writes the rest.
      const out = pino.destination({ dest: 1, sync: false });
      const batch = new Batch((lines) => out.write(lines));
      this.#log = pino(options, out);
      this.#write = (line) => batch.add(line);
      this.#flush = () => batch.flush();
      this.#close = () => {
        batch.flush();
        out.flushSync();
      };
    } else {
      this.#log = pino(options, { write: (line: string) => write(line.trimEnd()) });
      this.#write = write;
      this.#flush = () => undefined;
      this.#close = () => undefined;
    }
    this.#access = this.#log.isLevelEnabled('info');
  }

  /** Writes what is not yet written. */
  close(): void {
    this.#close();
  }

  /** Logs a fault of the gateway's own, with its stack. */
  faulted(fault: unknown): void {
    this.#flush();
    this.#log.error({ err: fault }, 'fault');
  }

  /** Logs a settled request. */
  settled(record: UsageRecord): void {
    if (this.#access) this.#write(lineOf(record));
  }
}

/** Lines that are written together. */
class Batch {
  readonly #write: (lines: string) => void;
  #lines = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(write: (lines: string) => void) {
    this.#write = write;
  }

  add(line: string): void {
    this.#lines += `${line}\n`;
    if (this.#lines.length > BATCH_CHARACTERS) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS).unref();
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const lines = this.#lines;
    this.#lines = '';
    if (lines !== '') this.#write(lines);
  }
}

// Put together by hand: as an object for `JSON.stringify` it cost about three times as much, and a logger takes more than that.
function lineOf(record: UsageRecord): string {
  const { model, provider, protocol, gear, finish, error, usage, firstContentMs } = record;
  let line = `{"level":"info","time":"${now()}","requestId":${quoted(record.requestId)},"path":${quoted(record.path)}`;
  if (record.dialect !== undefined) line += `,"dialect":"${record.dialect}"`;
  if (model !== undefined) line += `,"model":${quoted(model)}`;
  if (provider !== undefined) line += `,"provider":${quoted(provider)}`;
  if (protocol !== undefined) line += `,"protocol":"${protocol}"`;
  if (gear !== undefined) line += `,"gear":"${gear}"`;
  line += `,"stream":${record.stream},"status":${record.status},"ended":"${record.ended}"`;
  if (finish !== undefined) line += `,"finish":${quoted(finish)}`;
  if (error !== undefined) line += `,"error":${JSON.stringify(error)}`;
  line += `,"lost":${record.lost},"attempts":${record.attempts}`;
  if (usage !== undefined) line += `,"tokens":${tokensOf(usage)}`;
  if (firstContentMs !== undefined) line += `,"firstContentMs":${round(firstContentMs)}`;
  return `${line},"totalMs":${round(record.totalMs)},"msg":"request"}`;
}

function tokensOf(usage: Usage): string {
  let tokens = `{"input":${inputTotal(usage)},"output":${outputTotal(usage)},"total":${grandTotal(usage)}`;
  if (usage.cacheRead > 0) tokens += `,"cached":${usage.cacheRead}`;
  if (usage.reasoning > 0) tokens += `,"reasoning":${usage.reasoning}`;
  return usage.estimated === true ? `${tokens},"estimated":true}` : `${tokens}}`;
}

const UNSAFE = /["\\]|[^ -~]/;

function quoted(text: string): string {
  return UNSAFE.test(text) ? JSON.stringify(text) : `"${text}"`;
}

// Many lines have a second in common, and a date costs more to write than all the rest of its line.
let second = -1;
let secondText = '';

function now(): string {
  const ms = Date.now();
  const current = Math.floor(ms / 1000);
  if (current !== second) {
    second = current;
    secondText = new Date(current * 1000).toISOString().slice(0, -4);
  }
  return `${secondText}${String(ms - current * 1000).padStart(3, '0')}Z`;
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
