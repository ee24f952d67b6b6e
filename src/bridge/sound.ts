import { refuse, unsupported } from '../model/errors.ts';
import { asString } from '../model/json.ts';
import type { SpeechRequest, TranscriptionRequest } from '../model/request.ts';
import { NO_USAGE } from '../model/usage.ts';
import type { BridgeRun } from './bridge.ts';
import { soundType } from './media.ts';
import { ofPackage } from './of-package.ts';
import { modelOf } from './package.ts';
import { base64Of, countOf, fieldsOf, textOf, warnedFeatures } from './sdk-model.ts';
import type { Unread } from './sdk-model.ts';

/** Lets a package speak a text: one sound, in one piece, for packages give it whole. */
export async function speak(
  run: BridgeRun,
  { input, voice, format, speed, instructions }: SpeechRequest,
): Promise<void> {
  const named = asString(voice);
  if (voice !== undefined && named === undefined) unsupported('voice', 'This provider takes voices by their name.');
  const answer = await generate(run, 'speechModel', {
    text: input,
    outputFormat: format,
    ...(named !== undefined && { voice: named }),
    ...(speed !== undefined && { speed }),
    ...(instructions !== undefined && { instructions }),
  });
  const base64 = base64Of(answer['audio']);
  if (base64 === undefined) return run.emit(silence('no sound'));
  begin(run);
  run.emit({ type: 'block-start', index: 0, block: { type: 'media', media: 'audio', format } });
  run.emit({ type: 'audio-delta', index: 0, base64 });
  end(run);
}

/** Lets a package write down a recording: one text, in one piece. */
export async function writeDown(run: BridgeRun, request: TranscriptionRequest): Promise<void> {
  const { upload } = run;
  if (upload === undefined) return refuse('file', 'There is no recording to write down.');
  if (request.translate) unsupported('model', 'This provider writes recordings down in their own language.');
  const asked = [request.language !== undefined && 'language', request.prompt !== undefined && 'prompt'];
  run.lost(asked.filter((name) => name !== false));
  const pieces: Uint8Array[] = [];
  for await (const piece of upload.stream) pieces.push(piece);
  const known = upload.contentType.startsWith('audio/') || upload.contentType.startsWith('video/');
  const answer = await generate(run, 'transcriptionModel', {
    audio: new Uint8Array(Buffer.concat(pieces)),
    mediaType: known ? upload.contentType : soundType(upload.name.split('.').at(-1) ?? ''),
  });
  const text = textOf(answer['text']);
  if (text === undefined) return run.emit(silence('no text'));
  begin(run);
  run.emit({ type: 'block-start', index: 0, block: { type: 'text' } });
  if (text !== '') run.emit({ type: 'text-delta', index: 0, text });
  const seconds = countOf(answer['durationInSeconds']);
  end(run, seconds);
}

async function generate(run: BridgeRun, kind: 'speechModel' | 'transcriptionModel', options: object): Promise<Unread> {
  const model = await modelOf(run.settings, kind, run.model);
  const answer = fieldsOf(await ofPackage(() => model.doGenerate?.({ ...options, abortSignal: run.signal })));
  const left = warnedFeatures(answer['warnings']);
  if (left.length > 0) run.lost(left);
  return answer;
}

function begin({ emit, mint, model, created }: BridgeRun): void {
  emit({ type: 'start', id: mint('msg'), model, created });
}

function end({ emit }: BridgeRun, seconds?: number): void {
  emit({ type: 'block-end', index: 0 });
  if (seconds !== undefined) emit({ type: 'usage', usage: { ...NO_USAGE, seconds } });
  emit({ type: 'finish', reason: 'stop' });
}

function silence(what: string): Parameters<BridgeRun['emit']>[0] {
  return { type: 'error', error: { kind: 'bad_response', message: `The provider's package gave ${what}.` } };
}
