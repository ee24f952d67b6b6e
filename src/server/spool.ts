import { randomUUID } from 'node:crypto';
import { open, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';

const IN_MEMORY = 262_144;
// Pieces of a few bytes each would cost far more memory than their bytes.
const PIECES = 1024;

/**
 * Keeps a file until it may be read: up to 256 KB in memory, more in a temporary file. That file has no name any more once it is
 * open, so it is gone with its last reader or with the process, however either ends.
 */
export class Spool {
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #handle: FileHandle | undefined;

  /** Adds a piece; it must not change afterwards. */
  add(bytes: Uint8Array): void {
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
  }

  /** Resolves when the spool takes more; rejects when the disk does not. */
  async ready(): Promise<void> {
    if (this.#waitingBytes > IN_MEMORY || this.#waiting.length > PIECES) await this.#write();
  }

  /** All bytes, once; reading to the end or destroying the stream gives the disk space back. */
  async stream(): Promise<Readable> {
    if (this.#handle === undefined) return Readable.from(this.#waiting, { objectMode: false });
    await this.#write();
    const handle = this.#handle;
    this.#handle = undefined;
    return handle.createReadStream({ start: 0 });
  }

  /** Gives everything up, unless a stream has it. */
  async discard(): Promise<void> {
    this.#waiting = [];
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  async #write(): Promise<void> {
    this.#handle ??= await openUnnamed();
    const pieces = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    await this.#handle.appendFile(Buffer.concat(pieces));
  }
}

async function openUnnamed(): Promise<FileHandle> {
  const path = join(tmpdir(), `streamweir-upload-${randomUUID()}`);
  const handle = await open(path, 'wx+', 0o600);
  await unlink(path);
  return handle;
}
