import { createCipheriv, createDecipheriv, createHash, randomBytes, randomUUID } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StoreFailure } from '../store/sqlite/database.ts';

const ID = 4;
const NONCE = 12;
const TAG = 16;
const KEY = 32;
const CIPHER = 'aes-256-gcm';

/** Makes texts unreadable for everyone else, and reads them again: key id, nonce, tag and cipher text, as base64. */
export class Sealer {
  readonly #key: Buffer;
  readonly #id: Buffer;

  constructor(key: Buffer) {
    this.#key = key;
    this.#id = createHash('sha256').update(key).digest().subarray(0, ID);
  }

  /** Seals a text. */
  seal(text: string): string {
    const nonce = randomBytes(NONCE);
    const cipher = createCipheriv(CIPHER, this.#key, nonce, { authTagLength: TAG }).setAAD(this.#id);
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([this.#id, nonce, cipher.getAuthTag(), sealed]).toString('base64url');
  }

  /** Opens a text; undefined when another key sealed it or somebody changed it. */
  open(sealed: string): string | undefined {
    const bytes = Buffer.from(sealed, 'base64url');
    if (bytes.length < ID + NONCE + TAG || !bytes.subarray(0, ID).equals(this.#id)) return undefined;
    const nonce = bytes.subarray(ID, ID + NONCE);
    const decipher = createDecipheriv(CIPHER, this.#key, nonce, { authTagLength: TAG })
      .setAAD(this.#id)
      .setAuthTag(bytes.subarray(ID + NONCE, ID + NONCE + TAG));
    try {
      return decipher.update(bytes.subarray(ID + NONCE + TAG), undefined, 'utf8') + decipher.final('utf8');
    } catch {
      return undefined;
    }
  }
}

/** A key of this process, good until it ends. */
export function passingKey(): Buffer {
  return randomBytes(KEY);
}

/**
 * The key in a folder, made where it is missing; processes that share the folder share it.
 * @throws StoreFailure when the folder cannot be used
 */
export function lastingKey(folder: string): Buffer {
  const path = join(folder, 'seal.key');
  const key = attempt(`the folder ${folder} cannot be used`, () => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    makeKey(path);
    return readFileSync(path);
  });
  if (key.length !== KEY) throw new StoreFailure(`${path} is no key: it has ${key.length} bytes instead of ${KEY}`);
  return key;
}

// Written beside and linked into place, so that nobody ever reads half a key; whoever comes second takes the first one's.
function makeKey(path: string): void {
  if (existsSync(path)) return;
  const beside = `${path}.${randomUUID()}`;
  writeFileSync(beside, passingKey(), { flag: 'wx', mode: 0o600, flush: true });
  try {
    linkSync(beside, path);
  } catch (error) {
    if (!existsSync(path)) throw error;
  } finally {
    unlinkSync(beside);
  }
}

function attempt<T>(what: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    throw new StoreFailure(`${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
