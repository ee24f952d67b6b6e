import type { Upstream } from '../config/snapshot.ts';
import { authorizerFor } from './auth/authorize.ts';
import type { Authorizer } from './auth/authorize.ts';
import { Connections } from './http1/connections.ts';

/** The connections to one upstream, and where they lead. */
export interface Pool {
  readonly connections: Connections;
  /** What requests name as their host. */
  readonly host: string;
  /** What stands before every path: `/v1`. */
  readonly basePath: string;
  readonly authorize: Authorizer;
}

/** Keep-alive connections to upstreams, one pool per upstream so that its deadlines and its faults stay its own. */
export class Pools {
  readonly #pools = new Map<Upstream, Pool>();

  /** The pool of an upstream, made at its first use. */
  for(upstream: Upstream): Pool {
    let pool = this.#pools.get(upstream);
    if (pool === undefined) {
      const { protocol, hostname, port, host, pathname } = new URL(upstream.baseUrl);
      const secure = protocol === 'https:';
      pool = {
        connections: new Connections({
          // A literal address of IPv6 stands in brackets only in URLs.
          hostname: hostname.replace(/^\[|\]$/g, ''),
          port: port === '' ? (secure ? 443 : 80) : Number(port),
          secure,
          connectWithin: upstream.deadlines.connect,
        }),
        host,
        basePath: pathname === '/' ? '' : pathname,
        authorize: authorizerFor(upstream),
      };
      this.#pools.set(upstream, pool);
    }
    return pool;
  }

  /** Closes every connection; running exchanges are cut. */
  close(): void {
    for (const { connections } of this.#pools.values()) connections.destroy();
    this.#pools.clear();
  }
}
