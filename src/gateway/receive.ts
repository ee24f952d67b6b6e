import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { ScannedObject } from '../framing/json-scan.ts';
import type { JsonObject } from '../model/json.ts';
import type { Request } from '../model/request.ts';
import type { Dialect, Place } from '../protocols/codec.ts';

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
  readonly response: ServerResponse;
}

/** The file a client uploads, as it arrives; the run it belongs to reads it to its end or destroys it. */
export interface UploadedFile {
  readonly name: string;
  readonly contentType: string;
  readonly stream: Readable;
}

/** What a client sent: a JSON body as bytes, or a form whose file is still coming in. */
export type Payload =
  | { readonly kind: 'json'; readonly bytes: Uint8Array; readonly scan: ScannedObject }
  | {
      readonly kind: 'form';
      readonly file: UploadedFile;
      /** Once the file has passed: all fields, if some came after it. */
      readonly late: Promise<JsonObject | undefined>;
    };

/** A call whose request is understood. */
export interface Received extends Call {
  readonly request: Request;
  readonly body: JsonObject;
  readonly payload: Payload;
}
