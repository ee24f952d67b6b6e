import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

/** One tool call as the index of the recordings states it. */
export interface RecordedCall {
  readonly name: string | null;
  readonly id: string | null;
  readonly args_sha256: string;
  readonly args_canonical_sha256: string | null;
}

/** One entry of the recordings' index: where the body is and what a reader must find in it. */
export interface Recording {
  readonly file: string;
  /** Wire format; errors name theirs here and `errors` in `protocol`. */
  readonly wire: string;
  readonly protocol: string;
  readonly streaming: boolean;
  readonly http_status: number;
  /** Bytes of the body. */
  readonly size: number;
  readonly response_headers: Readonly<Record<string, string>>;
  readonly text_sha256: string | null;
  readonly text_chars: number;
  readonly reasoning_sha256: string | null;
  readonly reasoning_chars: number;
  readonly refusal_sha256: string | null;
  readonly tool_calls: readonly RecordedCall[];
  readonly finish_reason: readonly string[];
  readonly usage: Readonly<Record<string, unknown>> | null;
  readonly features: readonly string[];
  readonly oddities: readonly string[];
}

const FOLDER =
  process.env['STREAMWEIR_RECORDINGS'] ?? fileURLToPath(new URL('../../../shared/recordings', import.meta.url));

/** Whether the recordings are there. Where they are not, tests that need them are skipped, which the runner shows. */
export const haveRecordings: boolean = existsSync(join(FOLDER, 'index.json'));

if (!haveRecordings && process.env['STREAMWEIR_REQUIRE_ALL'] === '1') {
  throw new Error(`No recordings at ${FOLDER}; STREAMWEIR_RECORDINGS names another folder.`);
}

/** Every entry of the index, in its order; empty where the recordings are absent. */
export function recordings(): readonly Recording[] {
  if (!haveRecordings) return [];
  const index = JSON.parse(readFileSync(join(FOLDER, 'index.json'), 'utf8')) as {
    readonly files: readonly Recording[];
  };
  return index.files;
}

/** The entries of one wire format that hold answers, not errors. */
export function answersOf(protocol: string): readonly Recording[] {
  return recordings().filter((recording) => recording.protocol === protocol);
}

/** The recorded bytes of an answer. */
export function bodyOf(recording: Recording): Buffer {
  return readFileSync(join(FOLDER, recording.file));
}

// What the body's bytes no longer are (they were captured decoded), or what belongs to the connection.
const OF_THE_CONNECTION = new Set([
  'content-encoding',
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
]);

/** The recorded response headers that a replay sends; those that describe the original connection are left out. */
export function headersOf(recording: Recording): Record<string, string> {
  const entries = Object.entries(recording.response_headers).filter(
    ([name]) => !OF_THE_CONNECTION.has(name.toLowerCase()),
  );
  return Object.fromEntries(entries);
}
