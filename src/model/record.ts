import type { ProtocolId } from './block.ts';
import type { GatewayError } from './errors.ts';
import type { FinishReason } from './event.ts';
import type { Usage } from './usage.ts';

/** Which of the three ways an answer took through the relay (ARCHITECTURE, "Three gears"). */
export type Gear = 'bytes' | 'frames' | 'events';

/**
 * How a request ended: `finished` = the answer is whole, `failed` = the client was told of an error, `abandoned` = the client left,
 * `refused` = nothing was asked of any upstream.
 */
export type Ending = 'finished' | 'failed' | 'abandoned' | 'refused';

/** What one request came to; written once, when it is settled, whatever happened. */
export interface UsageRecord {
  readonly requestId: string;
  /** Milliseconds since 1970 at which the request came in. */
  readonly at: number;
  readonly path: string;
  readonly dialect?: ProtocolId;
  /** The model as the client named it. */
  readonly model?: string;
  readonly provider?: string;
  readonly protocol?: ProtocolId;
  readonly gear?: Gear;
  readonly stream: boolean;
  readonly status: number;
  readonly ended: Ending;
  readonly finish?: FinishReason;
  readonly error?: Pick<GatewayError, 'kind' | 'code' | 'message'>;
  readonly usage?: Usage;
  /** Milliseconds from the request's arrival to the first content that was sent. */
  readonly firstContentMs?: number;
  readonly totalMs: number;
  /** Events the client's format could not express. */
  readonly lost: number;
  readonly attempts: number;
}
