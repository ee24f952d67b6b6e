import type { IncomingMessage } from 'node:http';
import { GatewayFailure } from '../model/errors.ts';

// Node keeps the first or joins them in silence; a proxy in front may have looked at the other one (C12).
const SINGLE = new Set([
  'authorization',
  'x-api-key',
  'x-goog-api-key',
  'host',
  'content-type',
  'content-length',
  'transfer-encoding',
]);

/**
 * Refuses requests that two parties could read differently, and pages of other sites that reach for a gateway on this machine.
 * @throws GatewayFailure `invalid_request` or `forbidden`
 */
export function guard(request: IncomingMessage): void {
  const seen = new Set<string>();
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    const name = request.rawHeaders[i]?.toLowerCase() ?? '';
    if (!SINGLE.has(name)) continue;
    if (seen.has(name)) refuse(`The header '${name}' may be sent only once.`);
    seen.add(name);
  }
  const coding = request.headers['transfer-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'chunked')
    refuse('The only transfer coding understood is chunked.');
  if (/\bwebsocket\b/i.test(request.headers.upgrade ?? ''))
    throw new GatewayFailure({
      kind: 'client_error',
      status: 426,
      code: 'upgrade_required',
      message:
        'WebSockets are not offered here. Send the request with POST; with `"stream": true` its answer comes as server-sent events.',
    });
  if (request.url?.startsWith('/') !== true) refuse('The request target must be a path.');
  if (request.headers['sec-fetch-site'] === 'cross-site')
    throw new GatewayFailure({
      kind: 'forbidden',
      code: 'cross_site',
      message: 'Pages of other sites may not call this gateway.',
    });
}

function refuse(message: string): never {
  throw new GatewayFailure({ kind: 'invalid_request', code: 'invalid_header', message });
}
