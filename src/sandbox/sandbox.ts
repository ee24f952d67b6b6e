import { GatewayFailure, refuse } from '../model/errors.ts';
import type { Sink } from '../model/event.ts';
import type { Mint } from '../model/ids.ts';
import type { Request } from '../model/request.ts';
import { NO_USAGE } from '../model/usage.ts';
import { scriptsFor } from './answer.ts';
import { inputTokens } from './conversation.ts';
import { embedScript, embedTokens } from './embed.ts';
import { demandRecording, hear, tell } from './ear/ear.ts';
import { SANDBOX_MODELS, parseSandboxModel } from './model-name.ts';
import type { SandboxModel } from './model-name.ts';
import { Pace } from './pace.ts';
import { play } from './play.ts';
import { refusalOf } from './refusal.ts';
import { voiceScript } from './sound/voice.ts';
import { countTokens } from './tokenizer.ts';

/** One request to the sandbox and where its answer goes. */
export interface SandboxRun {
  /** Read again after the upload: fields behind the file may have changed it. */
  readonly request: Request;
  /** The model name after `sandbox/`: `echo:ttft=300ms,rate=50`. */
  readonly model: string;
  readonly emit: Sink;
  /** Aborted when the client has left: the answer stops without a terminal event. */
  readonly signal: AbortSignal;
  readonly mint: Mint;
  /** Unix seconds at which the request came in. */
  readonly created: number;
  /** A sentence to say before the answer's text. */
  readonly notice?: string;
  /** The recording to transcribe. */
  readonly upload?: SandboxUpload;
  /** Back pressure: what to wait for before the next event; undefined when the reader keeps up. */
  readonly ready: () => Promise<void> | undefined;
}

/** A file that comes with a request, read once, never held whole. */
export interface SandboxUpload {
  readonly name: string;
  readonly contentType: string;
  readonly stream: AsyncIterable<Uint8Array>;
}

/**
 * Answers one request. Emits by the grammar with exactly one terminal event, `error` for what it refuses, and resolves after it;
 * once `signal` is aborted it emits nothing more and resolves within milliseconds.
 */
export async function runSandbox(run: SandboxRun): Promise<void> {
  try {
    await answer(run);
  } catch (failure) {
    if (run.signal.aborted) return;
    if (!(failure instanceof GatewayFailure)) throw failure;
    run.emit({ type: 'error', error: failure.error });
  }
}

async function answer(run: SandboxRun): Promise<void> {
  const name = parseSandboxModel(run.model);
  demandTask(run.request, name.model);
  const { ttft, rate, status } = name.options;
  const pace = new Pace({ signal: run.signal, ready: run.ready, ttft, ...(rate !== undefined && { rate }) });
  if (status !== undefined) {
    await pace.next();
    throw new GatewayFailure(refusalOf(status, name.options.retryAfter));
  }
  const stage = { emit: run.emit, pace, options: name.options };
  const begin = async (): Promise<void> => {
    await pace.drained();
    if (!pace.over)
      run.emit({ type: 'start', id: run.mint('sbx'), model: `sandbox/${run.model}`, created: run.created });
  };
  const { request } = run;
  const notice = run.notice?.trim();
  switch (request.task) {
    case 'generation': {
      const { mint } = run;
      const scripts = scriptsFor({ request, name, mint, ...(notice !== undefined && { notice }) });
      await begin();
      return play(scripts, { ...stage, input: await inputTokens(request) });
    }
    case 'speech': {
      const script = voiceScript(request);
      await begin();
      return play([script], { ...stage, input: countTokens(request.input) });
    }
    case 'transcription': {
      const recording = demandRecording(request, run.upload);
      await begin();
      const heard = await hear(recording, run.signal);
      // Fields that stand behind the file in the form are known only now.
      const script = tell(run.request.task === 'transcription' ? run.request : request, heard, notice);
      const seconds = heard.facts?.seconds;
      return play([script], { ...stage, input: 0, ...(seconds !== undefined && { seconds }) });
    }
    case 'embedding': {
      const script = embedScript(request);
      await begin();
      return play([script], { ...stage, input: embedTokens(request) });
    }
    case 'count':
      await begin();
      return tellCount(await inputTokens(request.generation), run.emit);
    default:
      return refuse('model', 'The sandbox has no model for this path.');
  }
}

function tellCount(input: number, emit: Sink): void {
  emit({ type: 'usage', usage: { ...NO_USAGE, input } });
  emit({ type: 'finish', reason: 'stop' });
}

function demandTask(request: Request, model: SandboxModel): void {
  const task = request.task === 'count' ? 'generation' : request.task;
  if (task === model.task) return;
  const cannot = WITHOUT_MODEL[task];
  if (cannot !== undefined)
    refuse('model', `The sandbox has no model that ${cannot}: configure a provider and name one of its own.`);
  const fitting = SANDBOX_MODELS.filter((row) => row.task === task).map((row) => `sandbox/${row.id}`);
  refuse('model', `'sandbox/${model.id}' answers on ${PATHS[model.task]}. Here use ${fitting.join(', ')}.`);
}

const WITHOUT_MODEL: Partial<Record<Request['task'], string>> = {
  image: 'makes pictures',
  'image-edit': 'changes pictures',
  rerank: 'ranks documents',
  moderation: 'judges texts',
};

const PATHS: Record<SandboxModel['task'], string> = {
  generation:
    '/v1/chat/completions, /v1/responses, /v1/messages, /v1/completions or :generateContent of /v1beta/models',
  speech: '/v1/audio/speech',
  transcription: '/v1/audio/transcriptions',
  embedding: '/v1/embeddings and :embedContent of /v1beta/models',
};
