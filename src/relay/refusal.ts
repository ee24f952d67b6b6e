import type { IncomingHttpHeaders } from 'node:http';
import type { GatewayError } from '../model/errors.ts';
import { parseJson } from '../model/json.ts';

/** Seconds after which an upstream that refused may be asked again; undefined where its headers do not say. */
export function retryAfterOf(headers: IncomingHttpHeaders): number | undefined {
  const ms = Number(headers['retry-after-ms']);
  if (ms > 0) return ms / 1000;
  const told = headers['retry-after'];
  if (told === undefined || told === '') return undefined;
  const seconds = Number(told);
  // Below zero it says nothing; read as zero it would have clients come back at once.
  if (Number.isFinite(seconds)) return seconds < 0 ? undefined : seconds;
  const date = Date.parse(told);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - Date.now()) / 1000);
}

/** An error of an upstream without what may not be told of it: also inside a 200 some repeat what they were shown (FM-51). */
export function tellableError(error: GatewayError, tellable: (text: string) => string): GatewayError {
  const { message, raw } = error;
  const words = JSON.stringify(raw ?? null);
  const clean = tellable(words);
  return { ...error, message: tellable(message), ...(clean !== words && { raw: parseJson(clean) }) };
}
