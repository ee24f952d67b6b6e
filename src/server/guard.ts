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
 * @param upgrades whether the request may become a WebSocket
 * @throws GatewayFailure `invalid_request` or `forbidden`
 */
export function guard(request: IncomingMessage, upgrades = false): void {
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
  if (!upgrades && /\bwebsocket\b/i.test(request.headers.upgrade ?? ''))
    throw new GatewayFailure({
      kind: 'client_error',
      status: 426,
      code: 'upgrade_required',
      message:
        'WebSockets are not offered here. Send the request with POST; with `"stream": true` its answer comes as server-sent events.',
    });
  if (request.url?.startsWith('/') !== true) refuse('The request target must be a path.');
  if (request.headers['sec-fetch-site'] === 'cross-site' || (upgrades && isElsewhere(request)))
    throw new GatewayFailure({
      kind: 'forbidden',
      code: 'cross_site',
      message: 'Pages of other sites may not call this gateway.',
    });
}

// Browsers ask nobody before they open a connection to another site; but they say where the page is from.
function isElsewhere({ headers: { origin, host } }: IncomingMessage): boolean {
  if (origin === undefined) return false;
  return !URL.canParse(origin) || new URL(origin).host !== host;
}

function refuse(message: string): never {
  throw new GatewayFailure({ kind: 'invalid_request', code: 'invalid_header', message });
}
