import { Agent } from 'undici';
import type { Dispatcher } from 'undici';
import type { Upstream } from '../config/snapshot.ts';
import { authorizerFor } from './auth/authorize.ts';
import type { Authorizer } from './auth/authorize.ts';

/** The connections to one upstream, and where they lead. */
export interface Pool {
  readonly dispatcher: Dispatcher;
  /** `https://api.example.com` */
  readonly origin: string;
  /** What stands before every path: `/v1`. */
  readonly basePath: string;
  readonly authorize: Authorizer;
}

const HEADER_LIMIT = 32 * 1024;
const KEEP_ALIVE_MS = 30_000;

/** Keep-alive connections to upstreams, one pool per upstream so that its deadlines and its faults stay its own. */
export class Pools {
  readonly #pools = new Map<Upstream, Pool & { readonly agent: Agent }>();

  /** The pool of an upstream, made at its first use. */
  for(upstream: Upstream): Pool {
    let pool = this.#pools.get(upstream);
    if (pool === undefined) {
      const { origin, pathname } = new URL(upstream.baseUrl);
      // Deadlines are kept by the relay, which counts events and knows its own back pressure; undici's timers count bytes and would cut both.
      const agent = new Agent({
        connect: { timeout: upstream.deadlines.connect },
        headersTimeout: 0,
        bodyTimeout: 0,
        maxHeaderSize: HEADER_LIMIT,
        keepAliveTimeout: KEEP_ALIVE_MS,
        pipelining: 1,
      });
      pool = {
        agent,
        dispatcher: agent,
        origin,
        basePath: pathname === '/' ? '' : pathname,
        authorize: authorizerFor(upstream),
      };
      this.#pools.set(upstream, pool);
    }
    return pool;
  }

  /** Closes every connection; running exchanges are cut. */
  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map(({ agent }) => agent.destroy()));
    this.#pools.clear();
  }
}
