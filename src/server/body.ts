import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { codingOf, Inflater } from '../relay/inflate.ts';
import type { Coding } from '../relay/inflate.ts';
import { scanJson } from '../framing/json-scan.ts';
import type { ScannedObject } from '../framing/json-scan.ts';
import { GatewayFailure } from '../model/errors.ts';
import type { GatewayError } from '../model/errors.ts';
import { asObject, parseJson } from '../model/json.ts';
import type { Json, JsonObject } from '../model/json.ts';
import type { Limits } from '../config/snapshot.ts';

/** A JSON body: its bytes as they came (decompressed) and what they say. */
export interface JsonBody {
  readonly bytes: Buffer;
  readonly value: JsonObject;
  /** Where the top-level values stand in the bytes. */
  readonly scan: ScannedObject;
}

/**
 * Reads the JSON body of a request within the limits, looking over its bytes before it is parsed.
 * @param proceed is called when nothing in the head speaks against the body (`Expect: 100-continue`)
 * @throws GatewayFailure `unsupported_media`, `too_large` or `invalid_request` (code `invalid_json`) saying what was wrong
 */
export function readJsonBody(request: IncomingMessage, limits: Limits, proceed: () => void): Promise<JsonBody> {
  const type = request.headers['content-type'];
  // What nearly every client sends needs no taking apart.
  if (type !== 'application/json') demandJson(type);
  return readBytes(request, limits.body, proceed).then((bytes) => readBody(bytes, limits));
}

function demandJson(contentType: string | undefined): void {
  const type = contentType?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (type === 'application/json' || type.endsWith('+json')) return;
  throw new GatewayFailure({
    kind: 'unsupported_media',
    message: `The body must be JSON: send 'Content-Type: application/json'${type === '' ? '' : ` instead of '${type}'`}.`,
  });
}

/**
 * Reads the bytes of a JSON body.
 * @throws GatewayFailure `invalid_request` (code `invalid_json`)
 */
export function readBody(bytes: Buffer, limits: Limits): JsonBody {
  const scan = scanJson(bytes, { depth: limits.jsonDepth, tokens: limits.jsonTokens });
  if (scan.problem === 'depth')
    invalid(`The JSON body is nested deeper than ${limits.jsonDepth} levels (at byte ${scan.offset}).`);
  if (scan.problem === 'tokens')
    invalid(`The JSON body holds more than ${limits.jsonTokens} values (at byte ${scan.offset}).`);
  if (scan.problem !== undefined) invalid(`The body is not valid JSON (at byte ${scan.offset}).`);
  let value: Json;
  try {
    value = parseJson(bytes.toString('utf8'));
  } catch (error) {
    invalid(`The body is not valid JSON${placeOf(error)}.`);
  }
  return { bytes, value: asObject(value) ?? invalid('The JSON body must be an object.'), scan };
}

// V8 quotes the text around the fault; only the place is told, never the content.
function placeOf(error: unknown): string {
  const place = error instanceof Error ? /position (\d+)/.exec(error.message)?.[1] : undefined;
  return place === undefined ? '' : ` (at character ${place})`;
}

function invalid(message: string): never {
  throw new GatewayFailure({ kind: 'invalid_request', code: 'invalid_json', message });
}

function readBytes(request: IncomingMessage, limit: number, proceed: () => void): Promise<Buffer> {
  const coding = codingOf(request.headers['content-encoding']);
  if (coding === 'unknown')
    throw new GatewayFailure({
      kind: 'unsupported_media',
      message: 'The Content-Encoding is not supported: send the body plain, or with one of gzip, deflate, br, zstd.',
    });
  if (Number(request.headers['content-length']) > limit) throw new GatewayFailure(tooLarge(limit));
  proceed();
  return coding === undefined ? collect(request, limit) : inflate(request, coding, limit);
}

function collect(body: Readable, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let bytes = 0;
    body.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > limit) {
        body.pause();
        reject(new GatewayFailure(tooLarge(limit)));
      } else pieces.push(chunk);
    });
    body.on('end', () => resolve(pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces)));
    body.on('error', reject);
    body.on('close', () => {
      // After the end it is every request's last event, and an error nobody hears costs its stack all the same.
      if (!body.readableEnded) reject(new Error('the client left while sending'));
    });
  });
}

function inflate(request: IncomingMessage, coding: Coding, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let compressed = 0;
    let bytes = 0;
    let over = false;
    const stop = (error: GatewayError): void => {
      over = true;
      inflater.close();
      request.pause();
      reject(new GatewayFailure(error));
    };
    const inflater = new Inflater(
      coding,
      Number.POSITIVE_INFINITY,
      {
        data: (chunk) => {
          bytes += chunk.length;
          if (bytes > limit) stop(tooLarge(limit));
          else pieces.push(chunk);
        },
        end: () => resolve(Buffer.concat(pieces)),
        fail: () => stop({ kind: 'invalid_request', code: 'invalid_body', message: 'The compressed body is corrupt.' }),
      },
      // The limit alone bounds what a client may send: text that repeats itself is no attack.
      Number.POSITIVE_INFINITY,
    );
    request.on('data', (chunk: Buffer) => {
      if (over) return;
      compressed += chunk.length;
      if (compressed > limit) stop(tooLarge(limit));
      else inflater.push(chunk);
    });
    request.on('end', () => {
      if (!over) inflater.end();
    });
    request.on('error', reject);
    request.on('close', () => {
      if (!request.complete) reject(new Error('the client left while sending'));
    });
  });
}

function tooLarge(limit: number): GatewayError {
  return {
    kind: 'too_large',
    message: `The request body is larger than ${limit / 1024 / 1024} MiB, the limit of this path (limits.body).`,
  };
}
