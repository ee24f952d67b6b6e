import type { IncomingMessage } from 'node:http';
import type { Limits } from '../config/snapshot.ts';
import type { Payload } from '../gateway/receive.ts';
import type { JsonObject } from '../model/json.ts';
import { readUpload } from './upload.ts';
import type { FormField } from './upload.ts';

/** A form as far as it is known when its file begins. */
export interface ReceivedForm {
  /** Fields as strings, repeated ones as lists of strings. */
  readonly body: JsonObject;
  readonly payload: Extract<Payload, { kind: 'form' }>;
}

/**
 * Reads a form up to its file, which then streams on.
 * @throws GatewayFailure for whatever is wrong with the form
 */
export async function readForm(request: IncomingMessage, limits: Limits): Promise<ReceivedForm> {
  const { early, file, late } = await readUpload(request, limits);
  const all = late.then((fields) => (fields.length === 0 ? undefined : bodyOf([...early, ...fields])));
  // Whoever needs the late fields waits for them; when the client left, nobody does.
  all.catch(() => undefined);
  return { body: bodyOf(early), payload: { kind: 'form', file, late: all } };
}

function bodyOf(fields: readonly FormField[]): JsonObject {
  const body: Record<string, string | string[]> = Object.create(null) as Record<string, string | string[]>;
  for (const [name, value] of fields) {
    const before = body[name];
    if (before === undefined) body[name] = value;
    else if (typeof before === 'string') body[name] = [before, value];
    else before.push(value);
  }
  return body;
}
