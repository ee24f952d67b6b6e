import pino from 'pino';
import { grandTotal, inputTotal, outputTotal } from '../model/usage.ts';
import type { Usage } from '../model/usage.ts';
import type { UsageRecord } from '../model/record.ts';

// A write for each line would cost a busy gateway more than the line itself.
const BATCH_BYTES = 15 * 1024;
const FLUSH_MS = 100;

interface LineTokens {
  input: number;
  output: number;
  total: number;
  cached?: number;
  reasoning?: number;
  estimated?: true;
}

/** Writes the access log: one JSON line per request, with no prompt and no answer in it. */
export class AccessLog {
  readonly #log: pino.Logger;
  readonly #access: boolean;
  readonly #write: (line: string) => void;
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
      const out = pino.destination({ dest: 1, sync: false, minLength: BATCH_BYTES, periodicFlush: FLUSH_MS });
      this.#log = pino(options, out);
      this.#write = (line) => out.write(`${line}\n`);
      this.#close = () => out.flushSync();
    } else {
      this.#log = pino(options, { write: (line: string) => write(line.trimEnd()) });
      this.#write = write;
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
    this.#log.error({ err: fault }, 'fault');
  }

  /** Logs a settled request. The line is put together here, at a quarter of what the logger takes for one this wide. */
  settled(record: UsageRecord): void {
    if (!this.#access) return;
    const { usage, firstContentMs } = record;
    const line = {
      level: 'info',
      time: new Date().toISOString(),
      requestId: record.requestId,
      path: record.path,
      dialect: record.dialect,
      model: record.model,
      provider: record.provider,
      protocol: record.protocol,
      gear: record.gear,
      stream: record.stream,
      status: record.status,
      ended: record.ended,
      finish: record.finish,
      error: record.error,
      lost: record.lost,
      attempts: record.attempts,
      tokens: usage === undefined ? undefined : tokensOf(usage),
      firstContentMs: firstContentMs === undefined ? undefined : round(firstContentMs),
      totalMs: round(record.totalMs),
      msg: 'request',
    };
    this.#write(JSON.stringify(line));
  }
}

function tokensOf(usage: Usage): LineTokens {
  const tokens: LineTokens = { input: inputTotal(usage), output: outputTotal(usage), total: grandTotal(usage) };
  if (usage.cacheRead > 0) tokens.cached = usage.cacheRead;
  if (usage.reasoning > 0) tokens.reasoning = usage.reasoning;
  if (usage.estimated === true) tokens.estimated = true;
  return tokens;
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
