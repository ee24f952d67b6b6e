import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { Limits } from '../config/snapshot.ts';
import { formBoundary, MalformedForm, MultipartReader } from '../framing/multipart-reader.ts';
import type { PartHead, PartSink } from '../framing/multipart-reader.ts';
import { GatewayFailure, refuse } from '../model/errors.ts';
import { LiveFile } from './live-file.ts';
import { Spool } from './spool.ts';

/** A form field as it came. */
export type FormField = readonly [name: string, value: string];

/** The uploaded file; whoever gets it reads {@link stream} to its end or destroys it. */
export interface UploadedFile {
  readonly name: string;
  readonly contentType: string;
  /** Fails when the upload does; {@link Upload.late} then rejects with the reason. */
  readonly stream: Readable;
}

/** An upload whose `model` is known and whose file may be read. */
export interface Upload {
  /** The fields that came before the file; all of them when the file had to be kept. */
  readonly early: readonly FormField[];
  readonly file: UploadedFile;
  /**
   * The fields that come after the file; settles once the file has been read or destroyed. Rejects with a {@link GatewayFailure} when the
   * rest of the upload is refused, with another error when the client leaves.
   */
  readonly late: Promise<readonly FormField[]>;
}

/** The limits an upload is held to; all in bytes but the number of parts. */
export type UploadLimits = Pick<Limits, 'uploadFile' | 'uploadField' | 'uploadParts'>;

/**
 * Reads a form with one file (TR-01, TR-02). When `model` stands before the file it resolves as soon as the file begins, and the file
 * streams through, as fast as it is read. Otherwise the file is kept, on disk beyond 256 KB, and it resolves at the end of the form.
 * Costs at most one network chunk and one stream buffer of memory per live file.
 * @throws GatewayFailure `invalid_request`, `too_large` or `unsupported_media`; the rest of the body is then read and dropped, so that a
 * client that is still sending sees the answer. Another error when the client leaves.
 */
export async function readUpload(request: IncomingMessage, limits: UploadLimits): Promise<Upload> {
  const intake = new Intake(limits);
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

/** Collects the parts of one form and decides where the file goes. */
class Intake implements PartSink {
  readonly #limits: UploadLimits;
  readonly #begun: PromiseWithResolvers<Upload> = Promise.withResolvers();
  readonly #late: PromiseWithResolvers<readonly FormField[]> = Promise.withResolvers();
  readonly #fields: FormField[] = [];
  #early = 0;
  #parts = 0;
  #field: { readonly name: string; readonly pieces: Uint8Array[] } | undefined;
  #size = 0;
  #file: Pick<UploadedFile, 'name' | 'contentType'> | undefined;
  #live: LiveFile | undefined;
  #spool: Spool | undefined;

  constructor(limits: UploadLimits) {
    this.#limits = limits;
    // A caller that has the file learns of a failure there; one that never asks for the late fields must not end the process.
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
    if (head.name === 'file') this.#beginFile(head);
    else if (head.filename !== undefined)
      refuse(head.name, `'${head.name}' must be a plain field; only 'file' may be a file.`);
    else this.#field = { name: head.name, pieces: [] };
  }

  data(bytes: Uint8Array): void {
    this.#size += bytes.length;
    const limit = this.#field === undefined ? this.#limits.uploadFile : this.#limits.uploadField;
    if (this.#size > limit) {
      const param = this.#field?.name ?? 'file';
      throw new GatewayFailure({ kind: 'too_large', message: `'${param}' is larger than ${limit} bytes.`, param });
    }
    if (this.#field !== undefined) this.#field.pieces.push(bytes);
    else (this.#live ?? this.#spool)?.add(bytes);
  }

  end(): void {
    if (this.#field !== undefined) this.#fields.push([this.#field.name, Buffer.concat(this.#field.pieces).toString()]);
    else this.#live?.finish();
    this.#field = undefined;
  }

  /** Resolves when more may be read from the client. */
  async ready(): Promise<void> {
    await (this.#live ?? this.#spool)?.ready();
  }

  /** The form is whole. */
  async finish(): Promise<void> {
    if (this.#file === undefined) refuse('file', "Missing required parameter: 'file'.", 'missing_required_parameter');
    if (this.#spool !== undefined) {
      if (!this.#knowsModel()) refuse('model', "Missing required parameter: 'model'.", 'missing_required_parameter');
      this.#early = this.#fields.length;
      this.#begin(this.#file, await this.#spool.stream());
    }
    this.#late.resolve(this.#fields.slice(this.#early));
  }

  /** The form will not become whole. */
  async fail(error: unknown): Promise<void> {
    this.#begun.reject(error);
    this.#late.reject(error);
    this.#live?.destroy(error instanceof Error ? error : new Error(String(error)));
    await this.#spool?.discard();
  }

  #beginFile(head: PartHead): void {
    if (this.#file !== undefined) refuse('file', "The form has more than one 'file'.");
    this.#file = { name: head.filename ?? 'file', contentType: head.contentType ?? 'application/octet-stream' };
    if (this.#knowsModel()) {
      this.#early = this.#fields.length;
      this.#live = new LiveFile();
      // Whoever reads the file hears of its failure by reading; before anyone does, it must not end the process.
      this.#live.on('error', () => {});
      this.#begin(this.#file, this.#live);
    } else this.#spool = new Spool();
  }

  #begin(file: Pick<UploadedFile, 'name' | 'contentType'>, stream: Readable): void {
    this.#begun.resolve({ early: this.#fields.slice(), file: { ...file, stream }, late: this.#late.promise });
  }

  #knowsModel(): boolean {
    return this.#fields.some(([name]) => name === 'model');
  }
}
