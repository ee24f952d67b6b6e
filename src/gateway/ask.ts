import type { ProtocolId } from '../model/block.ts';
import type { Request } from '../model/request.ts';
import type { Target } from '../protocols/codec.ts';
import { PROTOCOLS } from '../protocols/index.ts';
import type { UpstreamCall } from '../transport/dispatch.ts';
import { callerOf } from './caller.ts';
import { withoutForeignBlocks } from './foreign-blocks.ts';
import { withoutForeignTools } from './foreign-tools.ts';
import { outgoing } from './outgoing.ts';
import { ownWishes } from './own-wishes.ts';
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

/** A request without what only another format than the target's knows. */
export function fittedTo(
  { request: asked, dialect, body }: Received,
  protocol: ProtocolId,
): Dropped & { readonly request: Request } {
  const { request, dropped: tools } = withoutForeignTools(asked, protocol);
  if (protocol === dialect.id) return { request, tools, features: [] };
  const { request: fitted, dropped } = withoutForeignBlocks(request, protocol);
  const wishes = request.task === 'generation' ? ownWishes(dialect, body) : [];
  return { request: fitted, tools, features: dropped ? [...wishes, 'native'] : wishes };
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
  const { request: fitted, tools, features } = fittedTo(received, plan.protocol);
  const request =
    fitted.task === 'generation' && plan.protocol !== dialect.id
      ? seals.restored(fitted, () => callerOf(headers, place.query), plan.upstream.name)
      : fitted;
  const asked = request === received.request ? received : { ...received, request };
  const { call, lost } = outgoing(asked, protocol, target);
  const nothing = tools.length + features.length + lost.length === 0;
  return { call, dropped: nothing ? NOTHING_DROPPED : { tools, features: [...new Set([...features, ...lost])] } };
}
