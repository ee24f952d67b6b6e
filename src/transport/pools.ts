import { Agent } from 'undici';
import type { Dispatcher } from 'undici';

/** What a pool needs to know of an upstream. */
export interface PoolTarget {
  readonly name: string;
  readonly baseUrl: string;
  /** Milliseconds for DNS, TCP and TLS. */
  readonly connectTimeout: number;
}

const HEADER_LIMIT = 32 * 1024;
const KEEP_ALIVE_MS = 30_000;

/** Keep-alive connections to upstreams, one pool per upstream so that its deadlines and its faults stay its own. */
export class Pools {
  readonly #agents = new Map<string, Agent>();

  /** The dispatcher for an upstream, made at its first use. */
  for(target: PoolTarget): Dispatcher {
    const key = `${target.name} ${target.baseUrl} ${target.connectTimeout}`;
    let agent = this.#agents.get(key);
    if (agent === undefined) {
      // Deadlines are kept by the relay, which counts events and knows its own back pressure; undici's timers count bytes and would cut both.
      agent = new Agent({
        connect: { timeout: target.connectTimeout },
        headersTimeout: 0,
        bodyTimeout: 0,
        maxHeaderSize: HEADER_LIMIT,
        keepAliveTimeout: KEEP_ALIVE_MS,
        pipelining: 1,
      });
      this.#agents.set(key, agent);
    }
    return agent;
  }

  /** Closes every connection; running exchanges are cut. */
  async close(): Promise<void> {
    await Promise.all([...this.#agents.values()].map((agent) => agent.destroy()));
    this.#agents.clear();
  }
}
