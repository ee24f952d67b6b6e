import type { OutgoingHttpHeaders } from 'node:http';
import { GatewayFailure, INTERNAL } from '../model/errors.ts';
import type { GatewayError } from '../model/errors.ts';
import type { Ending } from '../model/record.ts';
import { PROTOCOLS } from '../protocols/index.ts';
import type { Reply, Target } from '../protocols/codec.ts';
import { Alarm } from '../relay/alarm.ts';
import { Answer } from '../relay/answer.ts';
import type { ClientSide } from '../relay/client-side.ts';
import { Relay } from '../relay/relay.ts';
import { Tally } from '../relay/tally.ts';
import { dispatch } from '../transport/dispatch.ts';
import { errorHeaders } from './error-headers.ts';
import { answerHeaders } from './answer-headers.ts';
import { withoutKeys } from './hide-keys.ts';
import { askFor, NOTHING_DROPPED, withMore } from './ask.ts';
import type { Dropped } from './ask.ts';
import { crossBridge } from './bridge-attempt.ts';
import type { BridgeStage } from './bridge-attempt.ts';
import { callerOf } from './caller.ts';
import type { UpstreamPlan, WirePlan } from './outgoing.ts';
import { originOf } from './plan.ts';
import type { Plan } from './plan.ts';
import type { Received } from './receive.ts';
import { mint, randomId } from './run-ids.ts';
import { playSandbox } from './sandbox-attempt.ts';
import { settle } from './settle.ts';
import { relayDeadlines, relayLimits, targetFor } from './target.ts';
import type { SealListener } from './seal-memory.ts';
import type { RunDeps } from './run-deps.ts';

const MAX_ATTEMPTS = 3;

/** One request from plan to settle: attempts, the answer, and the record, whoever ends it. */
export class Run {
  readonly #deps: RunDeps;
  #received: Received;
  readonly #plan: Plan;
  readonly #downstream: ClientSide;
  readonly #id = randomId();
  readonly #tally: Tally;
  /** Stops the sandbox or a package; an upstream is stopped by its relay. */
  #gone: AbortController | undefined;
  #answer: Answer | undefined;
  #relay: Relay | undefined;
  readonly #commit: Alarm = new Alarm(() => this.#openEarly());
  #attempts = 0;
  #drained: (() => void) | undefined;
  #settled = false;
  #formComplete = false;
  #retriedStale = false;
  #dropped: Dropped = NOTHING_DROPPED;

  constructor(deps: RunDeps, received: Received, plan: Plan) {
    this.#deps = deps;
    this.#received = received;
    this.#plan = plan;
    this.#downstream = received.client.side(deps.snapshot.timers, {
      drained: () => this.#onDrained(),
      gone: () => this.#onGone(),
    });
    const { payload } = received;
    this.#tally = new Tally(payload.kind === 'json' ? payload.bytes.length : 0, () => performance.now());
  }

  /** Starts the first attempt; the run settles itself. */
  start(): void {
    this.#commit.set(this.#deps.snapshot.timers.commitWait);
    this.#attempt();
  }

  /** Ends the run because the process stops. */
  shutdown(): void {
    this.#relay?.abandon();
    this.#gone?.abort();
    this.#tell({ kind: 'shutdown', message: 'The gateway is being stopped.', retryAfter: 1 });
  }

  // Also when the upstream has not answered at all: clients and balancers are less patient than slow models (`reliability` §5).
  #openEarly(): void {
    const { payload } = this.#received;
    // How a form is answered may stand behind its file.
    if (payload.kind === 'form' && !this.#formComplete) this.#commit.set(this.#deps.snapshot.timers.commitWait);
    else (this.#answer ?? this.#makeAnswer()).openEarly();
  }

  #attempt(): void {
    this.#attempts++;
    this.#answer = undefined;
    try {
      if (this.#plan.to === 'sandbox') this.#playSandbox(this.#plan);
      else if (this.#plan.protocol === 'ai-sdk') this.#crossBridge(this.#plan);
      else this.#callUpstream(this.#plan);
    } catch (error) {
      this.#refuseFor(error);
    }
  }

  #makeAnswer(): Answer {
    const sameFormat = this.#plan.to === 'upstream' && this.#plan.protocol === this.#received.dialect.id;
    const answer = new Answer({
      downstream: this.#downstream,
      dialect: this.#received.dialect,
      reply: this.#reply(),
      tally: this.#tally,
      headers: () => this.#headers(),
      failedEarly: (error) => this.#refuse(error),
      done: () => this.#settle(this.#tally.error === undefined ? 'finished' : 'failed'),
      sameFormat,
      listener: this.#sealListener(sameFormat),
    });
    this.#answer = answer;
    return answer;
  }

  // A client of the upstream's own format keeps its seals by itself.
  #sealListener(sameFormat: boolean): SealListener | undefined {
    const { request, headers, place } = this.#received;
    if (this.#plan.to !== 'upstream' || sameFormat || request.task !== 'generation') return undefined;
    return this.#deps.seals.listener(() => callerOf(headers, place.query), this.#plan.upstream.name);
  }

  #reply(): Reply {
    const { request, requestId, body, at } = this.#received;
    return {
      id: this.#id,
      requestId,
      created: Math.floor(at / 1000),
      model: request.model,
      request,
      body,
      mint,
      now: () => Math.floor(Date.now() / 1000),
      seal: this.#deps.seal,
      options: this.#deps.snapshot.dialects,
    };
  }

  // Fields that came after the file may change how the answer is written, not where it comes from.
  #late(): Promise<void> | undefined {
    const { payload } = this.#received;
    if (payload.kind !== 'form') return undefined;
    const late = payload.late.then((body) => {
      this.#formComplete = true;
      if (body !== undefined)
        this.#received = {
          ...this.#received,
          body,
          request: this.#received.dialect.decodeRequest(body, this.#received.place),
        };
    });
    // Whoever waits is told; when nobody waits any more (the client left), it is nobody's error.
    late.catch(() => undefined);
    return late;
  }

  // What answers in this process is stopped by the run itself.
  #stage(): Pick<BridgeStage, 'answer' | 'mint' | 'gone' | 'ready'> {
    this.#gone = new AbortController();
    return { answer: () => this.#answer ?? this.#makeAnswer(), mint, gone: this.#gone, ready: () => this.#ready() };
  }

  #playSandbox(plan: Extract<Plan, { to: 'sandbox' }>): void {
    const late = this.#late();
    const { gone, ...stage } = this.#stage();
    playSandbox(plan, () => this.#received, {
      ...stage,
      signal: gone.signal,
      ...(late !== undefined && { late }),
    }).catch((error: unknown) => this.#refuseFor(error));
  }

  #crossBridge(plan: UpstreamPlan): void {
    const dropped = (more: Dropped): void => {
      this.#dropped = withMore(this.#dropped, more);
    };
    const late = this.#late();
    const stage = { ...this.#stage(), seals: this.#deps.seals, dropped, ...(late !== undefined && { late }) };
    crossBridge(plan, () => this.#received, stage).catch((error: unknown) => this.#refuseFor(error));
  }

  #callUpstream(plan: WirePlan): void {
    const { snapshot, pools, memory, faulted } = this.#deps;
    const target = targetFor(plan, this.#received, memory);
    const asked = askFor(this.#received, plan, target, this.#deps.seals);
    this.#dropped = asked.dropped;
    const { upstream } = plan;
    const late = this.#late();
    const relay = new Relay({
      answer: () => this.#answer ?? this.#makeAnswer(),
      protocol: PROTOCOLS[plan.protocol],
      context: () => ({ request: this.#received.request, target, mint }),
      ...(late !== undefined && { late }),
      limits: relayLimits(this.#received.request, snapshot),
      deadlines: relayDeadlines(upstream, target, this.#received),
      usageGrace: snapshot.timers.usageGrace,
      faulted,
      tellable: (text) => withoutKeys(text, upstream),
      failed: (error, stale) => this.#attemptFailed(error, stale, plan, target),
    });
    this.#relay = relay;
    const pool = pools.for(upstream);
    const authorized = pool.authorize(asked.call);
    if (!(authorized instanceof Promise)) relay.attach(dispatch(pool, authorized, relay));
    else
      authorized
        .then((ready) => this.#downstream.over || relay.attach(dispatch(pool, ready, relay)))
        .catch((error: unknown) => this.#refuseFor(error));
  }

  #attemptFailed(error: GatewayError, stale: boolean, plan: WirePlan, target: Target): void {
    const again = this.#attempts < MAX_ATTEMPTS && !this.#downstream.over;
    const replayable = this.#received.payload.kind === 'json';
    const refusedUsage =
      target.stream && target.capabilities.streamUsage && /stream_options|include_usage/.test(error.message);
    if (refusedUsage && error.kind === 'client_error') this.#deps.memory.noteRefusedStreamUsage(plan);
    // One more try on a fresh connection is free; an upstream that breaks that one as well does so on purpose (U47).
    const freeTry = stale && !this.#retriedStale;
    if (stale) this.#retriedStale = true;
    if (again && replayable && (freeTry || (refusedUsage && error.kind === 'client_error'))) this.#attempt();
    else this.#tell(error);
  }

  #refuseFor(thrown: unknown): void {
    if (thrown instanceof GatewayFailure) {
      this.#refuse(thrown.error);
      return;
    }
    this.#deps.faulted(thrown);
    this.#tell(INTERNAL);
  }

  #tell(error: GatewayError): void {
    if (this.#downstream.opened) (this.#answer ?? this.#makeAnswer()).push({ type: 'error', error });
    else this.#refuse(error);
  }

  #refuse(error: GatewayError): void {
    if (this.#downstream.over) return;
    this.#tally.error = error;
    const { status, body } = this.#received.dialect.encodeError(error, this.#received.requestId);
    this.#downstream.whole(
      status,
      { ...this.#headers(), ...errorHeaders(error), 'content-type': 'application/json' },
      body,
    );
    this.#settle('failed');
  }

  #headers(): OutgoingHttpHeaders {
    return answerHeaders(this.#received, this.#plan, this.#attempts, this.#dropped);
  }

  #ready(): Promise<void> | undefined {
    if (this.#answer?.flush() !== false) return undefined;
    return new Promise((resolve) => {
      this.#drained = resolve;
    });
  }

  #onDrained(): void {
    this.#relay?.drained();
    this.#drained?.();
    this.#drained = undefined;
  }

  #onGone(): void {
    this.#relay?.abandon();
    this.#gone?.abort();
    this.#drained?.();
    this.#settle('abandoned');
  }

  #settle(ended: Ending): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#commit.clear();
    const { payload, keep } = this.#received;
    const kept = keep === undefined ? undefined : this.#answer?.kept;
    if (kept !== undefined) keep?.(kept, originOf(this.#plan));
    // An upload nobody reads to its end would wait for ever.
    if (payload.kind === 'form') payload.files.destroy();
    const outcome = {
      ended,
      status: this.#downstream.opened ? this.#downstream.status : 499,
      plan: this.#plan,
      tally: this.#tally,
      lost: (this.#answer?.lost ?? 0) + this.#dropped.features.length + this.#dropped.tools.length,
      attempts: this.#attempts,
      ...(this.#relay !== undefined && { gear: this.#relay.gear }),
    };
    this.#deps.settled(settle(this.#received, outcome));
  }
}
