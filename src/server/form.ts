import type { IncomingMessage } from 'node:http';
import type { Limits } from '../config/snapshot.ts';
import type { Payload } from '../gateway/receive.ts';
import type { JsonObject } from '../model/json.ts';
import type { FormFiles } from '../protocols/index.ts';
import { readUpload } from './upload.ts';
import type { FormField } from './upload.ts';

/** A form as far as it is known when its first file begins. */
export interface ReceivedForm {
  /** Fields as strings, repeated ones as lists of strings. */
  readonly body: JsonObject;
  readonly payload: Extract<Payload, { kind: 'form' }>;
}

/**
 * Reads a form up to its first file, which then streams on, and the others behind it.
 * @throws GatewayFailure for whatever is wrong with the form
 */
export async function readForm(request: IncomingMessage, limits: Limits, taken: FormFiles): Promise<ReceivedForm> {
  const { early, files, late } = await readUpload(request, limits, taken);
  const all = late.then((fields) => (fields.length === 0 ? undefined : bodyOf([...early, ...fields])));
  // Whoever needs the late fields waits for them; when the client left, nobody does.
  all.catch(() => undefined);
  return { body: bodyOf(early), payload: { kind: 'form', files, late: all } };
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
