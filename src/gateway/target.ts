import type { Snapshot, Upstream } from '../config/snapshot.ts';
import type { Request } from '../model/request.ts';
import type { Target } from '../protocols/codec.ts';
import { PASSED_HEADERS } from '../protocols/index.ts';
import type { ProtocolId } from '../model/block.ts';
import type { IncomingHttpHeaders } from 'node:http';
import type { IntakeLimits } from '../relay/intake.ts';
import type { WatchDeadlines } from '../relay/watch.ts';
import type { WirePlan } from './outgoing.ts';
import type { Received } from './receive.ts';
import type { TargetMemory } from './target-memory.ts';

/**
 * The target of a plan. A translated answer is streamed and collected even when the client wants it whole: events give the deadlines something
 * to measure.
 */
export function targetFor(plan: WirePlan, received: Received, memory: TargetMemory): Target {
  const { request, dialect } = received;
  const { capabilities, hosting } = plan.upstream;
  const translated = plan.protocol !== dialect.id;
  return {
    model: plan.model,
    stream: request.stream || (translated && request.task === 'generation'),
    capabilities: memory.refusesStreamUsage(plan) ? { ...capabilities, streamUsage: false } : capabilities,
    ...(hosting !== undefined && { hosting, betas: betasOf(received.headers, plan.protocol) }),
  };
}

// Hosts of others' formats may want in the body what the format has in a header.
function betasOf(headers: IncomingHttpHeaders, protocol: ProtocolId): readonly string[] {
  const names = PASSED_HEADERS.filter(({ to, list }) => list === true && to === protocol).map(({ name }) => name);
  return names.flatMap((name) => String(headers[name] ?? '').split(/ *, */)).filter((beta) => beta !== '');
}

/** How much one answer may bring. */
export function relayLimits(request: Request, { limits }: Snapshot): IntakeLimits {
  const total = request.task === 'speech' ? limits.audioTotal : limits.streamTotal;
  return { event: limits.upstreamEvent, whole: limits.upstreamBody, total };
}

// What the client waits less for than it says, so that it is told of the end before it gives up (`reliability` §4).
const MARGIN_MS = 1000;

/** How long one exchange may take: what is configured, or less if the client says how long it waits (GM-09). */
export function relayDeadlines(
  upstream: Pick<Upstream, 'deadlines'>,
  target: Pick<Target, 'stream'>,
  { headers }: Pick<Received, 'headers'>,
): WatchDeadlines {
  const { first, idle, progress, stream, whole } = upstream.deadlines;
  const told = Math.min(secondsIn(headers['x-stainless-timeout']), secondsIn(headers['x-server-timeout']));
  const patience = told === Infinity ? told : Math.max(told * 1000 - MARGIN_MS, MARGIN_MS / 2);
  if (target.stream) return { first: Math.min(first, patience), idle, progress, total: stream };
  const total = Math.min(whole, patience);
  return { first: total, idle: total, progress: total, total };
}

function secondsIn(header: string | readonly string[] | undefined): number {
  const seconds = Number(header);
  return seconds > 0 ? seconds : Infinity;
}
