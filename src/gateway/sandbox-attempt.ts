import type { Mint } from '../model/ids.ts';
import type { Answer } from '../relay/answer.ts';
import { runSandbox } from '../sandbox/sandbox.ts';
import type { SandboxUpload } from '../sandbox/sandbox.ts';
import type { Plan } from './plan.ts';
import type { Received, UploadedFile } from './receive.ts';

/** What the embedded provider is given to answer into. */
export interface SandboxStage {
  readonly answer: () => Answer;
  readonly mint: Mint;
  readonly signal: AbortSignal;
  readonly ready: () => Promise<void> | undefined;
  /** What must be known before the answer is written: the last field of a form. */
  readonly late?: Promise<void>;
}

/** Lets the embedded provider answer; its events take the same way as an upstream's. */
export async function playSandbox(
  plan: Extract<Plan, { to: 'sandbox' }>,
  received: () => Received,
  stage: SandboxStage,
): Promise<void> {
  const { answer, mint, signal, ready, late } = stage;
  const { payload, at } = received();
  let due = false;
  await runSandbox({
    // A form's last fields come behind its file.
    get request() {
      return received().request;
    },
    model: plan.model,
    // Events of one turn of the loop leave in one write, as the events of one network read do.
    emit: (event) => {
      answer().push(event);
      if (due) return;
      due = true;
      queueMicrotask(() => {
        due = false;
        answer().flush();
      });
    },
    signal,
    mint,
    created: Math.floor(at / 1000),
    ...(plan.standsInFor !== undefined && {
      notice: `No provider is configured, so the sandbox answers for '${plan.standsInFor}'. `,
    }),
    ...(payload.kind === 'form' && {
      upload: uploadOf(payload.files.first, late),
    }),
    ready,
  });
}

/** A file whose end is told only when the fields behind it are known, because then the answer begins. */
export function uploadOf({ name, contentType, stream }: UploadedFile, late: Promise<void> | undefined): SandboxUpload {
  return { name, contentType, stream: untilKnown(stream as AsyncIterable<Uint8Array>, late) };
}

async function* untilKnown(
  file: AsyncIterable<Uint8Array>,
  late: Promise<void> | undefined,
): AsyncGenerator<Uint8Array> {
  yield* file;
  await late;
}
