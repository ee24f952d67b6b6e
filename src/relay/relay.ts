import type { IncomingHttpHeaders } from 'node:http';
import { GatewayFailure, INTERNAL } from '../model/errors.ts';
import type { GatewayError } from '../model/errors.ts';
import type { Gear } from '../model/record.ts';
import type { DecoderContext, Protocol } from '../protocols/codec.ts';
import type { Exchange, ExchangeHandler, TransportFault } from '../transport/dispatch.ts';
import { Alarm } from './alarm.ts';
import type { Answer } from './answer.ts';
import { codingOf, Inflater } from './inflate.ts';
import { Intake } from './intake.ts';
import { retryAfterOf, tellableError } from './refusal.ts';
import type { IntakeLimits } from './intake.ts';
import { Watch } from './watch.ts';
import type { WatchDeadlines } from './watch.ts';

/** What the relay of one attempt is made of. */
export interface RelayParts {
  /** The client's side, made when the upstream's head has come: only then is a form's last field known. */
  readonly answer: () => Answer;
  readonly protocol: Protocol;
  readonly context: () => DecoderContext;
  /** What the answer must wait for besides the head; the upstream is paused meanwhile. */
  readonly late?: Promise<unknown>;
  readonly limits: IntakeLimits;
  readonly deadlines: WatchDeadlines;
  /** Milliseconds to wait for late usage once the answer is whole. */
  readonly usageGrace: number;
  /** The upstream refused or broke before anything was decoded; `stale` = one more try is free. */
  readonly failed: (error: GatewayError, stale: boolean) => void;
  /** Is given every fault of the gateway's own. */
  readonly faulted: (fault: unknown) => void;
  /** What may be told of an upstream's refusal. */
  readonly tellable: (text: string) => string;
}

// How long an upstream may keep its body open after its terminal event before the connection is given up (WD-04, FM-47).
const LINGER_MS = 100;
const REFUSAL_LIMIT = 1024 * 1024;

/** Carries one upstream answer to the client: decoder → encoder, with back pressure and deadlines. */
export class Relay implements ExchangeHandler {
  readonly #parts: RelayParts;
  readonly #watch: Watch;
  #exchange: Exchange | undefined;
  #answer: Answer | undefined;
  #intake: Intake | undefined;
  #inflater: Inflater | undefined;
  #refusal: { status: number; headers: IncomingHttpHeaders; body: Buffer[]; bytes: number } | undefined;
  /** Rings when a body stays open behind its answer. */
  readonly #tail: Alarm = new Alarm(() => this.#onTail());
  #over = false;

  constructor(parts: RelayParts) {
    this.#parts = parts;
    this.#watch = new Watch(parts.deadlines, (error) => this.#expire(error));
  }

  /** The way this answer takes. */
  get gear(): Gear {
    return this.#intake?.gear ?? 'events';
  }

  /** Gives the relay the exchange it steers. */
  attach(exchange: Exchange): void {
    this.#exchange = exchange;
    if (this.#over) exchange.abort();
  }

  head(status: number, headers: IncomingHttpHeaders): void {
    if (status < 200 || status >= 300) {
      this.#refusal = { status, headers, body: [], bytes: 0 };
      return;
    }
    const { late } = this.#parts;
    if (late === undefined) {
      this.#guarded(() => this.#begin(headers));
      return;
    }
    this.#exchange?.pause();
    late.then(
      () => {
        if (this.#over) return;
        this.#guarded(() => this.#begin(headers));
        this.#exchange?.resume();
      },
      (error: unknown) => {
        this.#break(
          error instanceof GatewayFailure ? error.error : { kind: 'bad_response', message: 'The upload broke off.' },
        );
      },
    );
  }

  #begin(headers: IncomingHttpHeaders): void {
    const { protocol, context, limits } = this.#parts;
    const answer = this.#parts.answer();
    this.#answer = answer;
    const coding = codingOf(headers['content-encoding']);
    if (coding === 'unknown') {
      this.abandon();
      this.#parts.failed(
        { kind: 'bad_response', message: 'The upstream compressed its answer in a way that was not asked for.' },
        false,
      );
      return;
    }
    const decoder = protocol.decoder((event) => {
      this.#watch.event();
      answer.push(
        event.type === 'error' ? { type: 'error', error: tellableError(event.error, this.#parts.tellable) } : event,
      );
    }, context());
    this.#intake = new Intake({
      decoder,
      answer,
      watch: this.#watch,
      limits,
      contentType: headers['content-type'] ?? '',
    });
    if (coding === undefined) return;
    this.#inflater = new Inflater(coding, limits.total, {
      data: (chunk) => this.#take(chunk),
      end: () => this.#finishBody(),
      fail: (error) => this.#break(error),
    });
  }

  data(chunk: Buffer): void {
    if (this.#over) return;
    if (this.#refusal !== undefined) {
      this.#refusal.bytes += chunk.length;
      this.#refusal.body.push(Buffer.from(chunk));
      // More than an error has to say: its status is enough.
      if (this.#refusal.bytes > REFUSAL_LIMIT)
        this.#break({ kind: 'bad_response', message: 'The upstream refused at length.' });
      return;
    }
    if (this.#inflater === undefined) this.#take(chunk);
    else this.#inflater.push(Buffer.from(chunk));
  }

  end(): void {
    if (this.#over) return;
    if (this.#refusal !== undefined) this.#refuse(this.#refusal);
    else if (this.#inflater === undefined) this.#finishBody();
    else this.#inflater.end();
  }

  fail(error: GatewayError, fault: TransportFault): void {
    if (this.#over) return;
    if (this.#intake === undefined && this.#refusal === undefined) {
      this.#stop();
      this.#parts.failed(error, fault.stale);
      return;
    }
    this.#break(error);
  }

  /** The client takes bytes again. */
  drained(): void {
    this.#watch.resume();
    this.#exchange?.resume();
  }

  /** The client left: the upstream is stopped at once. */
  abandon(): void {
    this.#stop();
    this.#exchange?.abort();
  }

  #take(chunk: Buffer): void {
    const intake = this.#intake;
    if (intake === undefined || this.#over) return;
    // As `guarded`, without a closure for each read.
    try {
      intake.push(chunk);
      this.#afterRead(intake);
    } catch (fault) {
      this.#failed(fault);
    }
  }

  #afterRead(intake: Intake): void {
    if (this.#answer?.flush() === false) {
      this.#watch.pause();
      this.#exchange?.pause();
    }
    if (intake.phase === 'open') {
      // One more choice began after those that were asked for had finished: it is waited for.
      this.#tail.clear();
      return;
    }
    if (this.#tail.isSet) return;
    if (intake.broken) {
      this.abandon();
    } else if (intake.phase === 'closed') {
      this.#watch.stop();
      this.#exchange?.resume();
      this.#tail.set(LINGER_MS);
    } else {
      this.#tail.set(this.#parts.usageGrace);
    }
  }

  // The answer is whole but the body stays open: what was waited for, late usage, does not come.
  #onTail(): void {
    this.#guarded(() => {
      this.#intake?.end();
      this.#answer?.flush();
    });
    this.abandon();
  }

  #finishBody(): void {
    if (this.#over) return;
    this.#stop();
    this.#guarded(() => {
      this.#intake?.end();
      this.#answer?.flush();
    });
  }

  #break(error: GatewayError): void {
    if (this.#over) return;
    this.abandon();
    const intake = this.#intake;
    if (intake === undefined) {
      // A refusal that breaks off is still one: its status says enough.
      if (this.#refusal === undefined) this.#parts.failed(error, false);
      else this.#refuse(this.#refusal);
      return;
    }
    this.#guarded(() => {
      // A reset after the whole answer takes nothing away from it.
      if (intake.phase === 'finished') intake.end();
      else intake.fail(error);
      this.#answer?.flush();
    });
  }

  #guarded(step: () => void): void {
    try {
      step();
    } catch (fault) {
      this.#failed(fault);
    }
  }

  // A fault of our own in the middle of an answer costs this answer, not the process (FM-32).
  #failed(fault: unknown): void {
    this.#parts.faulted(fault);
    this.abandon();
    this.#parts.failed(INTERNAL, false);
  }

  #expire(error: GatewayError): void {
    this.#break(error);
  }

  #refuse(refusal: { status: number; headers: IncomingHttpHeaders; body: Buffer[] }): void {
    this.#stop();
    const { status, headers } = refusal;
    if (status < 400) {
      this.#parts.failed(
        {
          kind: 'bad_response',
          message: `The upstream answered with a redirect (HTTP ${status}), which is never followed. Check base_url.`,
        },
        false,
      );
      return;
    }
    const retryAfter = retryAfterOf(headers);
    const body = this.#parts.tellable(Buffer.concat(refusal.body).toString('utf8'));
    this.#parts.failed(
      this.#parts.protocol.decodeError({ status, body, headers, ...(retryAfter !== undefined && { retryAfter }) }),
      false,
    );
  }

  #stop(): void {
    this.#over = true;
    this.#tail.clear();
    this.#watch.stop();
    this.#inflater?.close();
  }
}
