import type { GatewayError } from '../model/errors.ts';
import type { Ending, Gear, UsageRecord } from '../model/record.ts';
import type { Usage } from '../model/usage.ts';
import type { Tally } from '../relay/tally.ts';
import type { Plan } from './plan.ts';
import type { Call, Received } from './receive.ts';

/** What is known when a request is over. */
export interface Outcome {
  readonly ended: Ending;
  readonly status: number;
  readonly plan?: Plan;
  readonly tally?: Tally;
  readonly gear?: Gear;
  readonly lost?: number;
  readonly attempts?: number;
  readonly error?: GatewayError;
}

const LONGEST_PATH = 200;

/** The usage record of a request that is over, however it ended. */
export function settle(call: Call & Partial<Received>, outcome: Outcome): UsageRecord {
  const { tally, plan } = outcome;
  const error = outcome.error ?? tally?.error;
  const firstContent = tally?.firstContentAt;
  return {
    requestId: call.requestId,
    at: call.at,
    path: call.path.slice(0, LONGEST_PATH),
    dialect: call.dialect.id,
    model: call.request?.model,
    provider: plan?.to === 'upstream' ? plan.upstream.name : plan?.to,
    protocol: plan?.to === 'upstream' ? plan.protocol : undefined,
    gear: outcome.gear,
    stream: call.request?.stream ?? false,
    status: outcome.status,
    ended: outcome.ended,
    finish: tally?.finish,
    error: error === undefined ? undefined : recorded(error),
    usage: usageOf(outcome),
    firstContentMs: firstContent === undefined ? undefined : firstContent - call.arrived,
    totalMs: performance.now() - call.arrived,
    lost: outcome.lost ?? 0,
    attempts: outcome.attempts ?? 0,
  };
}

// What is said of a request may quote it, so such words stay out of records and logs; where it is wrong and a code are words, not texts.
function recorded(error: GatewayError): NonNullable<UsageRecord['error']> {
  const { kind, raw } = error;
  const message = raw === undefined ? ownWords(error) : 'The upstream reported an error.';
  const code = error.code !== undefined && /^[\w.-]{1,64}$/.test(error.code) ? error.code : undefined;
  return { kind, message, ...(code !== undefined && { code }) };
}

function ownWords({ kind, message, param }: GatewayError): string {
  if (kind !== 'invalid_request' || param === undefined) return message;
  return `The request was refused for '${param.slice(0, 100)}'.`;
}

// An answer that broke off still cost tokens: what passed is counted, and flagged as an estimate.
function usageOf({ tally, ended }: Outcome): Usage | undefined {
  if (tally === undefined || tally.usage !== undefined) return tally?.usage;
  return ended !== 'refused' && tally.firstContentAt !== undefined ? tally.estimate() : undefined;
}
