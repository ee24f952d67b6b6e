import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { ScannedObject } from '../framing/json-scan.ts';
import type { JsonObject } from '../model/json.ts';
import type { Request } from '../model/request.ts';
import type { Dialect, Place } from '../protocols/codec.ts';
import type { Client } from '../relay/client-side.ts';

/** A call of a public path before its body is understood. */
export interface Call {
  readonly requestId: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Monotonic milliseconds. */
  readonly arrived: number;
  readonly path: string;
  /** What the request says outside its body. */
  readonly place: Place;
  /** The provider that is meant where a model's name has no prefix, by the path that was used. */
  readonly home: string | undefined;
  readonly dialect: Dialect;
  readonly headers: IncomingHttpHeaders;
  readonly client: Client;
}

/** A file a client uploads, as it arrives. */
export interface UploadedFile {
  /** Name of its form field: `file`, `image[]`. */
  readonly field: string;
  readonly name: string;
  readonly contentType: string;
  readonly stream: Readable;
}

/**
 * The files of a form, in order; each comes when the one before it was read to its end or destroyed. The run they belong to takes them all or
 * destroys them.
 */
export interface UploadedFiles extends AsyncIterable<UploadedFile> {
  readonly first: UploadedFile;
  /** Gives up all files, also those that have not come. */
  destroy(): void;
}

/** What a client sent: a JSON body as bytes, or a form whose files are still coming in. */
export type Payload =
  | { readonly kind: 'json'; readonly bytes: Uint8Array; readonly scan: ScannedObject }
  | {
      readonly kind: 'form';
      readonly files: UploadedFiles;
      /** Once the files have passed: all fields, if some came after the first of them. */
      readonly late: Promise<JsonObject | undefined>;
    };

/** A call whose request is understood. */
export interface Received extends Call {
  readonly request: Request;
  readonly body: JsonObject;
  readonly payload: Payload;
  /** Keeps the answer for later, with the name of who gave it; absent where nobody may come back to it. */
  readonly keep?: (kept: JsonObject, origin: string) => void;
}
