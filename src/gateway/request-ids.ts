import type { OutgoingHttpHeaders } from 'node:http';

/** The headers that name a request on every answer: our own and the one that clients of these formats log (WD-08). */
export function requestIds(id: string): OutgoingHttpHeaders {
  return { 'streamweir-request-id': id, 'x-request-id': id };
}
