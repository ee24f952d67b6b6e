import type { Target } from '../protocols/codec.ts';
import { PROTOCOLS } from '../protocols/index.ts';
import type { UpstreamCall } from '../transport/dispatch.ts';
import { callerOf } from './caller.ts';
import { withoutForeignTools } from './foreign-tools.ts';
import { outgoing } from './outgoing.ts';
import type { WirePlan } from './outgoing.ts';
import type { Received } from './receive.ts';
import type { SealMemory } from './seal-memory.ts';

/** What a target could not be asked for. */
export interface Dropped {
  /** Types of tools that only another format knows. */
  readonly tools: readonly string[];
  /** Features of the request that the target's format has no words for. */
  readonly features: readonly string[];
}

/** Everything could be said. */
export const NOTHING_DROPPED: Dropped = { tools: [], features: [] };

/** Both, each name once. */
export function withMore(before: Dropped, more: Dropped): Dropped {
  return {
    tools: [...new Set([...before.tools, ...more.tools])],
    features: [...new Set([...before.features, ...more.features])],
  };
}

/** The call that asks a target for what the client wants, with the seals its client did not bring back, and what had to be left out. */
export function askFor(
  received: Received,
  plan: WirePlan,
  target: Target,
  seals: SealMemory,
): { readonly call: UpstreamCall; readonly dropped: Dropped } {
  const protocol = PROTOCOLS[plan.protocol];
  const { headers, place, dialect } = received;
  const { request: fitted, dropped: tools } = withoutForeignTools(received.request, plan.protocol);
  const request =
    fitted.task === 'generation' && plan.protocol !== dialect.id
      ? seals.restored(fitted, () => callerOf(headers, place.query), plan.upstream.name)
      : fitted;
  const asked = request === received.request ? received : { ...received, request };
  const { call, lost } = outgoing(asked, protocol, target);
  return { call, dropped: tools.length + lost.length === 0 ? NOTHING_DROPPED : { tools, features: lost } };
}
