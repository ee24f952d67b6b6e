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

/**
 * What one request came to; written once, when it is settled, whatever happened. Every key is always there, `undefined` where there is nothing
 * to say: records of one shape are read twice as fast as records of many.
 */
export interface UsageRecord {
  readonly requestId: string;
  /** Milliseconds since 1970 at which the request came in. */
  readonly at: number;
  readonly path: string;
  readonly dialect: ProtocolId | undefined;
  /** The model as the client named it. */
  readonly model: string | undefined;
  readonly provider: string | undefined;
  readonly protocol: ProtocolId | undefined;
  readonly gear: Gear | undefined;
  readonly stream: boolean;
  readonly status: number;
  readonly ended: Ending;
  readonly finish: FinishReason | undefined;
  readonly error: Pick<GatewayError, 'kind' | 'code' | 'message'> | undefined;
  readonly usage: Usage | undefined;
  /** Milliseconds from the request's arrival to the first content that was sent. */
  readonly firstContentMs: number | undefined;
  readonly totalMs: number;
  /** Events the client's format could not express. */
  readonly lost: number;
  readonly attempts: number;
}
