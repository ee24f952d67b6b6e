import { runBridge } from '../bridge/bridge.ts';
import { GatewayFailure } from '../model/errors.ts';
import type { GatewayError } from '../model/errors.ts';
import type { Event } from '../model/event.ts';
import type { Mint } from '../model/ids.ts';
import type { Request } from '../model/request.ts';
import type { Answer } from '../relay/answer.ts';
import { Watch } from '../relay/watch.ts';
import { fittedTo } from './ask.ts';
import type { Dropped } from './ask.ts';
import { callerOf } from './caller.ts';
import type { UpstreamPlan } from './outgoing.ts';
import type { Received } from './receive.ts';
import type { SealMemory } from './seal-memory.ts';
import { uploadOf } from './sandbox-attempt.ts';
import { relayDeadlines } from './target.ts';

/** What a bridged provider is given to answer into. */
export interface BridgeStage {
  readonly answer: () => Answer;
  readonly mint: Mint;
  /** Stops the provider when nobody waits any more. */
  readonly gone: AbortController;
  readonly seals: SealMemory;
  /** Takes what had to be left out. */
  readonly dropped: (more: Dropped) => void;
  readonly ready: () => Promise<void> | undefined;
  /** What must be known before a recording is written down: the last field of a form. */
  readonly late?: Promise<void>;
}

/** Lets a package answer in place of an upstream that speaks a format of ours; its events take the same way. */
export async function crossBridge(plan: UpstreamPlan, received: () => Received, stage: BridgeStage): Promise<void> {
  const { answer, mint, gone, seals, dropped, ready, late } = stage;
  const { upstream, model } = plan;
  const { payload, at } = received();
  const { request, ...left } = fittedTo(received(), plan.protocol);
  dropped(left);
  let due = false;
  const emit = (event: Event): void => {
    watch.event();
    answer().push(event);
    if (due) return;
    due = true;
    // Parts of one turn of the loop leave in one write, as the events of one network read do.
    queueMicrotask(() => {
      due = false;
      answer().flush();
    });
  };
  const watch = new Watch(
    relayDeadlines(upstream, { stream: request.task === 'generation' }, received()),
    (error: GatewayError) => {
      gone.abort();
      answer().push({ type: 'error', error });
      answer().flush();
    },
  );
  const { bridge, name, apiKey, baseUrl } = upstream;
  try {
    if (bridge === undefined) throw noPackage(name);
    await runBridge({
      settings: {
        name,
        ...bridge,
        ...(apiKey !== undefined && { apiKey }),
        ...(baseUrl !== '' && { baseUrl }),
      },
      request: sealed(request, received(), upstream.name, seals),
      ...(payload.kind === 'form' && { upload: uploadOf(payload.files.first, late) }),
      model,
      emit,
      signal: gone.signal,
      mint,
      created: Math.floor(at / 1000),
      lost: (features) => dropped({ tools: [], features }),
      ready: () => paused(watch, ready()),
    });
  } finally {
    watch.stop();
  }
}

function sealed(request: Request, { headers, place }: Received, maker: string, seals: SealMemory): Request {
  if (request.task !== 'generation') return request;
  return seals.restored(request, () => callerOf(headers, place.query), maker);
}

// While the client is slow, silence is not the provider's.
function paused(watch: Watch, drained: Promise<void> | undefined): Promise<void> | undefined {
  if (drained === undefined) return undefined;
  watch.pause();
  return drained.then(() => watch.resume());
}

function noPackage(name: string): GatewayFailure {
  return new GatewayFailure({
    kind: 'internal',
    message: `The provider '${name}' is reached with a package, but its configuration names none: write \`package:\`.`,
  });
}
