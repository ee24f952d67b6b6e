import type { Snapshot } from '../config/snapshot.ts';
import { GatewayFailure, INTERNAL } from '../model/errors.ts';
import type { GatewayError } from '../model/errors.ts';
import type { UsageRecord } from '../model/record.ts';
import type { Request } from '../model/request.ts';
import { Roster } from '../model/roster.ts';
import { Pools } from '../transport/pools.ts';
import { errorHeaders } from './error-headers.ts';
import { ModelList } from './models.ts';
import { planRequest } from './plan.ts';
import type { Plan } from './plan.ts';
import type { Call, Received } from './receive.ts';
import { requestIds } from './request-ids.ts';
import { Run } from './run.ts';
import { SealMemory } from './seal-memory.ts';
import { settle } from './settle.ts';
import { StoredAnswers } from './stored-answers.ts';
import type { Keep } from './stored-open.ts';
import { TargetMemory } from './target-memory.ts';

/** Who is told of what happens. */
export interface GatewayReports {
  /** Is given the record of every request, once. */
  readonly settled: (record: UsageRecord) => void;
  /** Is given every fault of the gateway's own. */
  readonly faulted: (fault: unknown) => void;
  /** No request is under way any more. */
  readonly rested: () => void;
}

/** Takes requests through their phases: receive → authenticate → admit → plan → attempt* → relay → settle. */
export class Gateway {
  readonly #snapshot: Snapshot;
  readonly #pools = new Pools();
  readonly #memory = new TargetMemory();
  readonly #seals = new SealMemory();
  readonly #reports: GatewayReports;
  readonly #running = new Roster<Run>();
  readonly models: ModelList;
  readonly stored: StoredAnswers;
  readonly #keep: Keep;
  #draining = false;
  #idle: (() => void) | undefined;

  constructor(snapshot: Snapshot, keep: Keep, reports: GatewayReports) {
    this.#snapshot = snapshot;
    this.#keep = keep;
    this.#reports = reports;
    this.models = new ModelList(snapshot, this.#pools);
    this.stored = new StoredAnswers({
      ...keep,
      limit: snapshot.limits.body,
      plan: (request, home) => this.#plan(request, home),
      faulted: reports.faulted,
    });
  }

  /** Whether new requests are taken. */
  get ready(): boolean {
    return !this.#draining;
  }

  /** Whether no request is under way. */
  get quiet(): boolean {
    return this.#running.size === 0;
  }

  /** Answers a request that was understood. */
  serve(received: Received): void {
    try {
      this.#admit();
      const plan = planRequest(received.request, this.#snapshot, received.home);
      const run: Run = new Run(
        {
          snapshot: this.#snapshot,
          pools: this.#pools,
          memory: this.#memory,
          seals: this.#seals,
          seal: (text) => this.#keep.sealer.seal(text),
          settled: (record) => {
            this.#running.leave(seat);
            this.#reports.settled(record);
            if (this.#running.size > 0) return;
            this.#idle?.();
            this.#reports.rested();
          },
          faulted: this.#reports.faulted,
        },
        received,
        plan,
      );
      const seat = this.#running.enter(run);
      run.start();
    } catch (error) {
      if (!(error instanceof GatewayFailure)) throw error;
      this.refuse(received, error.error);
    }
  }

  /** Answers a call with an error in its own format; nothing was asked of any upstream. */
  refuse(call: Call & Partial<Received>, error: GatewayError): void {
    const { status, body } = call.dialect.encodeError(error, call.requestId);
    const { client, payload } = call;
    // Nobody will read the file.
    if (payload?.kind === 'form') payload.files.destroy();
    const headers = {
      ...errorHeaders(error),
      'content-type': 'application/json',
      ...requestIds(call.requestId, call.dialect),
    };
    if (client.refuse(status, headers, body)) this.#reports.settled(settle(call, { ended: 'refused', status, error }));
  }

  /** Answers a call that met a fault of the gateway's own. */
  fault(call: Call & Partial<Received>, fault: unknown): void {
    this.#reports.faulted(fault);
    this.refuse(call, INTERNAL);
  }

  /** Takes no more requests, lets the running ones finish for a while, then tells the rest. */
  async close(): Promise<void> {
    this.#draining = true;
    if (this.#running.size > 0) {
      const idle = new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
      const late = setTimeout(() => {
        for (const run of this.#running) run.shutdown();
      }, this.#snapshot.timers.drain);
      await idle;
      clearTimeout(late);
    }
    this.#pools.close();
    await this.#keep.store?.close();
  }

  #plan(request: Request, home: string | undefined): Plan | undefined {
    try {
      return planRequest(request, this.#snapshot, home);
    } catch (error) {
      if (error instanceof GatewayFailure) return undefined;
      throw error;
    }
  }

  #admit(): void {
    if (this.#draining)
      throw new GatewayFailure({
        kind: 'shutdown',
        message: 'The gateway is being stopped. Try again in a moment.',
        retryAfter: 1,
      });
  }
}
