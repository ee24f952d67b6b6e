import pino from 'pino';
import { grandTotal, inputTotal, outputTotal } from '../model/usage.ts';
import type { UsageRecord } from '../model/record.ts';

// A write for each line would cost a busy gateway more than the line itself.
const BATCH_BYTES = 4096;
const FLUSH_MS = 100;

/** Writes the access log: one JSON line per request, with no prompt and no answer in it. */
export class AccessLog {
  readonly #log: pino.Logger;
  readonly #out: ReturnType<typeof pino.destination> | undefined;

  /** @param write takes one line without its line end; default is standard output */
  constructor(level: string, write?: (line: string) => void) {
    const options: pino.LoggerOptions = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } };
    // Written behind the answers, not between them; `close` writes the rest.
    this.#out = write === undefined ? pino.destination({ dest: 1, sync: false, minLength: BATCH_BYTES, periodicFlush: FLUSH_MS }) : undefined;
    this.#log = write === undefined ? pino(options, this.#out) : pino(options, { write: (line: string) => write(line.trimEnd()) });
  }

  /** Writes what is not yet written. */
  close(): void {
    this.#out?.flushSync();
  }

  /** Logs a fault of the gateway's own, with its stack. */
  faulted(fault: unknown): void {
    this.#log.error({ err: fault }, 'fault');
  }

  /** Logs a settled request. */
  settled(record: UsageRecord): void {
    const { usage, at: _at, firstContentMs, totalMs, ...rest } = record;
    this.#log.info(
      {
        ...rest,
        ...(usage !== undefined && {
          tokens: {
            input: inputTotal(usage),
            output: outputTotal(usage),
            total: grandTotal(usage),
            ...(usage.cacheRead > 0 && { cached: usage.cacheRead }),
            ...(usage.reasoning > 0 && { reasoning: usage.reasoning }),
            ...(usage.estimated && { estimated: true }),
          },
        }),
        ...(firstContentMs !== undefined && { firstContentMs: round(firstContentMs) }),
        totalMs: round(totalMs),
      },
      'request',
    );
  }
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
