import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { FakeUpstream } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import type { Gateway } from '../support/gateway.ts';
import { Peek } from '../support/peek.ts';
import { RawExchange } from '../support/raw-client.ts';
import { TEXT_CLIENTS } from '../support/text-requests.ts';

/** The key of every upstream of the tests; no client may ever see it. */
export const UPSTREAM_KEY = 'upstream-secret-4711';

/** The text formats, each the name of the provider that speaks it. */
export const FORMATS = ['openai-chat', 'openai-responses', 'openai-completions'] as const;
/** One of the text formats. */
export type Format = (typeof FORMATS)[number];

/** A gateway before one fake upstream that speaks every format; both end with the test. */
export interface Stage {
  readonly gateway: Gateway;
  readonly upstream: FakeUpstream;
  /** Sends the plainest request of a dialect to a model at a provider. */
  ask(dialect: Format, model: string, stream?: boolean, more?: Readonly<Record<string, unknown>>): RawExchange;
  /** The records in the access log, once there are so many. */
  records(count: number): Promise<readonly Peek[]>;
}

/** What a stage is made of, as YAML. */
export interface StageOptions {
  /** Lines of the file's top level. */
  readonly top?: string;
  /** Lines of every provider, without indentation. */
  readonly provider?: readonly string[];
  /** Where the upstream is instead. */
  readonly at?: string;
}

/** Starts a stage; it ends with the test. */
export async function openStage({ top = '', provider = [], at }: StageOptions = {}): Promise<Stage> {
  const upstream = await FakeUpstream.start();
  const rows = FORMATS.map((format) => {
    const lines = [
      `protocol: ${format}`,
      `base_url: ${at ?? upstream.url}/v1`,
      `api_key: ${UPSTREAM_KEY}`,
      ...provider,
    ];
    return `  ${format}:\n${lines.map((line) => `    ${line}\n`).join('')}`;
  });
  const gateway = await startGateway(`${top}\nproviders:\n${rows.join('')}`);
  onTestFinished(async () => {
    await upstream.close();
    await gateway.close();
  });
  return {
    gateway,
    upstream,
    ask: (dialect, model, stream = true, more = {}) =>
      new RawExchange(gateway.url, {
        path: TEXT_CLIENTS[dialect].path,
        headers: { 'content-type': 'application/json', authorization: 'Bearer client-key' },
        body: JSON.stringify({ ...TEXT_CLIENTS[dialect].request(model, stream, false), ...more }),
      }),
    records: async (count) => {
      await until(() => gateway.log.length >= count, `${count} lines in the access log`);
      return gateway.log.map((line) => Peek.parse(line));
    },
  };
}

/** Waits until something holds; fails with its name after ten seconds. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  const start = performance.now();
  while (!holds()) {
    if (performance.now() - start > 10_000) throw new Error(`waited in vain for: ${what}`);
    await sleep(5);
  }
}

/** The events of a stream, each with the blank line that ends it. */
export function eventsOf(stream: string): readonly string[] {
  return stream.split(/(?<=\n\n)/);
}
