import type { Event, Sink } from '../model/event.ts';
import { GatewayFailure, refuse } from '../model/errors.ts';
import type { Mint } from '../model/ids.ts';
import type { Generation, Request } from '../model/request.ts';
import { callOptions } from './call-options.ts';
import { errorOf } from './failure.ts';
import { ofPackage, PackageFailure } from './of-package.ts';
import { modelOf } from './package.ts';
import type { BridgeSettings } from './package.ts';
import { PartReader } from './part-reader.ts';
import { versionOf } from './sdk-model.ts';
import { speak, writeDown } from './sound.ts';

/** A file that comes with a request. */
export interface BridgeUpload {
  readonly name: string;
  readonly contentType: string;
  readonly stream: AsyncIterable<Uint8Array>;
}

/** One request to a package, and where its answer goes. */
export interface BridgeRun {
  readonly settings: BridgeSettings;
  readonly request: Request;
  /** The recording to write down. */
  readonly upload?: BridgeUpload;
  /** The provider's own name of the model. */
  readonly model: string;
  readonly emit: Sink;
  /** Aborted when nobody waits any more: the answer stops without a terminal event. */
  readonly signal: AbortSignal;
  readonly mint: Mint;
  /** Unix seconds at which the request came in. */
  readonly created: number;
  /** Takes the names of what could not be said; told before there is content. */
  readonly lost: (features: readonly string[]) => void;
  /** Back pressure: what to wait for before the next part; undefined when the reader keeps up. */
  readonly ready: () => Promise<void> | undefined;
}

/**
 * Lets a package answer one request. Emits by the grammar with exactly one terminal event; once `signal` is aborted it emits nothing more.
 * A package is always asked to stream: a whole answer is a stream that was collected. What it throws is told as an error of the upstream;
 * rejects only for a fault of our own.
 */
export async function runBridge(run: BridgeRun): Promise<void> {
  let over = false;
  const emit = (event: Event): void => {
    if (over || run.signal.aborted) return;
    over = event.type === 'finish' || event.type === 'error';
    run.emit(event);
  };
  try {
    await answerTo({ ...run, emit });
  } catch (thrown) {
    if (thrown instanceof GatewayFailure) emit({ type: 'error', error: thrown.error });
    else if (thrown instanceof PackageFailure) emit({ type: 'error', error: errorOf(thrown.cause) });
    else if (!run.signal.aborted) throw thrown;
  }
}

function answerTo(run: BridgeRun): Promise<void> {
  const { request } = run;
  switch (request.task) {
    case 'generation':
      return generate(run, request);
    case 'speech':
      return speak(run, request);
    case 'transcription':
      return writeDown(run, request);
    default:
      return refuse('model', 'This provider is reached for text and sounds only.');
  }
}

async function generate(run: BridgeRun, request: Generation): Promise<void> {
  const { settings, emit, signal, mint, created, lost } = run;
  const model = await modelOf(settings, 'languageModel', run.model);
  const { options, lost: unsaid } = callOptions(request, versionOf(model), await model.supportedUrls);
  if (unsaid.length > 0) lost(unsaid);
  const answer = await ofPackage(() => model.doStream?.({ ...options, abortSignal: signal }));
  if (answer === undefined) return refuse('model', 'This model cannot stream.');
  const parts = answer.stream[Symbol.asyncIterator]();
  try {
    await pump(parts, new PartReader({ emit, mint, model: run.model, created, lost }), run);
  } finally {
    // Cancels the stream, and with it the call; how that ends concerns nobody.
    parts.return?.().catch(() => undefined);
  }
}

async function pump(parts: AsyncIterator<unknown>, reader: PartReader, { signal, ready }: BridgeRun): Promise<void> {
  while (!signal.aborted && !reader.over) {
    const next = await ofPackage(() => parts.next());
    if (next === undefined || next.done === true) reader.end();
    else reader.push(next.value);
    await ready();
  }
}
