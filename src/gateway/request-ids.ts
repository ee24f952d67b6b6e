import type { OutgoingHttpHeaders } from 'node:http';
import type { Dialect } from '../protocols/codec.ts';

/** The headers that name a request on every answer: our own and the one that clients of the format log (WD-08). */
export function requestIds(id: string, { requestIdHeader = 'x-request-id' }: Dialect): OutgoingHttpHeaders {
  return { 'streamweir-request-id': id, [requestIdHeader]: id };
}
