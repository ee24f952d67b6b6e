import type { IncomingMessage } from 'node:http';
import type { Limits } from '../config/snapshot.ts';
import { formBoundary, MalformedForm, MultipartReader } from '../framing/multipart-reader.ts';
import type { PartHead, PartSink } from '../framing/multipart-reader.ts';
import type { UploadedFile, UploadedFiles } from '../gateway/receive.ts';
import { GatewayFailure, refuse } from '../model/errors.ts';
import type { FormFiles } from '../protocols/index.ts';
import { FileLine } from './file-line.ts';
import { LiveFile } from './live-file.ts';
import { Spool } from './spool.ts';

/** A form field as it came. */
export type FormField = readonly [name: string, value: string];

/** An upload whose `model` is known and whose files may be read. */
export interface Upload {
  /** The fields that came before the first file; all of them when files had to be kept. */
  readonly early: readonly FormField[];
  /** Their streams fail when the upload does; {@link late} then rejects with the reason. */
  readonly files: UploadedFiles;
  /**
   * The fields that come after the first file; settles once all files have been read or destroyed. Rejects with a {@link GatewayFailure} when the
   * rest of the upload is refused, with another error when the client leaves.
   */
  readonly late: Promise<readonly FormField[]>;
}

/** The limits an upload is held to; all in bytes but the number of parts. */
export type UploadLimits = Pick<Limits, 'uploadFile' | 'uploadField' | 'uploadParts'>;

/**
 * Reads a form with files (TR-01, TR-02). When `model` stands before the first file it resolves as soon as that begins, and the files
 * stream through one after the other, as fast as they are read. Otherwise files are kept, each on disk beyond 256 KB, and it resolves at the
 * end of the form. Costs at most one network chunk and two stream buffers of memory per live upload.
 * @throws GatewayFailure `invalid_request`, `too_large` or `unsupported_media`; the rest of the body is then read and dropped, so that a
 * client that is still sending sees the answer. Another error when the client leaves.
 */
export async function readUpload(request: IncomingMessage, limits: UploadLimits, taken: FormFiles): Promise<Upload> {
  const intake = new Intake(limits, taken);
  void pump(request, intake);
  return intake.begun;
}

async function pump(request: IncomingMessage, intake: Intake): Promise<void> {
  // The loop below may be waiting for the file's reader when the client leaves.
  request.once('error', (error) => void intake.fail(error));
  try {
    const reader = new MultipartReader(boundaryOf(request), intake);
    // Leaving the loop must not destroy the request: its socket still has to carry the answer.
    const chunks = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
    for await (const chunk of chunks) {
      reader.push(chunk);
      await intake.ready();
    }
    reader.end();
    await intake.finish();
  } catch (error) {
    await intake.fail(
      error instanceof MalformedForm ? new GatewayFailure({ kind: 'invalid_request', message: error.message }) : error,
    );
    request.resume();
  }
}

function boundaryOf(request: IncomingMessage): string {
  const type = request.headers['content-type'] ?? '';
  if (!/^multipart\/form-data\s*(;|$)/i.test(type)) {
    const message = `This endpoint takes 'multipart/form-data', not '${type.split(';')[0]?.slice(0, 100) ?? ''}'.`;
    throw new GatewayFailure({ kind: 'unsupported_media', message });
  }
  const boundary = formBoundary(type);
  if (boundary === undefined)
    throw new MalformedForm(
      "The content type names no boundary. Let the HTTP library write the 'Content-Type' header.",
    );
  return boundary;
}

/** A file that is kept until the form is whole. */
interface KeptFile extends Omit<UploadedFile, 'stream'> {
  readonly spool: Spool;
}

/** Collects the parts of one form and decides where its files go. */
class Intake implements PartSink {
  readonly #limits: UploadLimits;
  readonly #taken: FormFiles;
  readonly #begun: PromiseWithResolvers<Upload> = Promise.withResolvers();
  readonly #late: PromiseWithResolvers<readonly FormField[]> = Promise.withResolvers();
  readonly #fields: FormField[] = [];
  #early = 0;
  #parts = 0;
  #field: { readonly name: string; readonly pieces: Uint8Array[] } | undefined;
  #size = 0;
  readonly #line = new FileLine();
  readonly #kept: KeptFile[] = [];
  /** The field of the file that came last, and where its bytes go. */
  #file = '';
  #live: LiveFile | undefined;

  constructor(limits: UploadLimits, taken: FormFiles) {
    this.#limits = limits;
    this.#taken = taken;
    // A caller that has the files learns of a failure there; one that never asks for the late fields must not end the process.
    this.#late.promise.catch(() => {});
  }

  get begun(): Promise<Upload> {
    return this.#begun.promise;
  }

  begin(head: PartHead): void {
    this.#parts += 1;
    this.#size = 0;
    const { uploadParts } = this.#limits;
    if (this.#parts > uploadParts)
      throw new GatewayFailure({ kind: 'too_large', message: `The form has more than ${uploadParts} parts.` });
    const { names } = this.#taken;
    if (names.includes(head.name)) this.#beginFile(head);
    else if (head.filename !== undefined)
      refuse(head.name, `'${head.name}' must be a plain field; only '${names.join("', '")}' may be a file.`);
    else this.#field = { name: head.name, pieces: [] };
  }

  data(bytes: Uint8Array): void {
    this.#size += bytes.length;
    const limit = this.#field === undefined ? this.#limits.uploadFile : this.#limits.uploadField;
    if (this.#size > limit) {
      const param = this.#field?.name ?? this.#file;
      throw new GatewayFailure({ kind: 'too_large', message: `'${param}' is larger than ${limit} bytes.`, param });
    }
    if (this.#field !== undefined) this.#field.pieces.push(bytes);
    else (this.#live ?? this.#kept.at(-1)?.spool)?.add(bytes);
  }

  end(): void {
    if (this.#field !== undefined) this.#fields.push([this.#field.name, Buffer.concat(this.#field.pieces).toString()]);
    else this.#live?.finish();
    this.#field = undefined;
  }

  /** Resolves when more may be read from the client. */
  async ready(): Promise<void> {
    await this.#line.room();
    await (this.#live ?? this.#kept.at(-1)?.spool)?.ready();
  }

  /** The form is whole. */
  async finish(): Promise<void> {
    const [name = ''] = this.#taken.names;
    if (this.#file === '') refuse(name, `Missing required parameter: '${name}'.`, 'missing_required_parameter');
    if (this.#kept.length > 0) {
      if (!this.#knowsModel()) refuse('model', "Missing required parameter: 'model'.", 'missing_required_parameter');
      for (const { spool, ...file } of this.#kept) this.#line.add({ ...file, stream: await spool.stream() });
      this.#begin();
    }
    this.#line.end();
    this.#late.resolve(this.#fields.slice(this.#early));
  }

  /** The form will not become whole. */
  async fail(error: unknown): Promise<void> {
    this.#begun.reject(error);
    this.#late.reject(error);
    this.#line.fail(error instanceof Error ? error : new Error(String(error)));
    for (const { spool } of this.#kept) await spool.discard();
  }

  #beginFile(head: PartHead): void {
    const { most } = this.#taken;
    const before = this.#line.length + this.#kept.length;
    if (before === most) refuse(head.name, `The form has more than ${most === 1 ? 'one file' : `${most} files`}.`);
    this.#file = head.name;
    const file = {
      field: head.name,
      name: head.filename ?? 'file',
      contentType: head.contentType ?? 'application/octet-stream',
    };
    // Where one file had to be kept, those behind it are too: they are read in their order.
    if (this.#kept.length > 0 || !this.#knowsModel()) {
      this.#kept.push({ ...file, spool: new Spool() });
      return;
    }
    this.#live = new LiveFile();
    this.#line.add({ ...file, stream: this.#live });
    if (before === 0) this.#begin();
  }

  #begin(): void {
    this.#early = this.#fields.length;
    this.#begun.resolve({ early: this.#fields.slice(), files: this.#line, late: this.#late.promise });
  }

  #knowsModel(): boolean {
    return this.#fields.some(([name]) => name === 'model');
  }
}
