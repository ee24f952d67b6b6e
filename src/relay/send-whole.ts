import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';

// A rest of this size is cheaper to read than a new connection is to make.
const SMALL_REST = 64 * 1024;
const LINGER_MS = 1_000;

/**
 * Sends an answer in one piece. When the client is still sending, the answer says that the connection closes, and the connection stays
 * for a moment: closing it at once would reset it, and the client might never read why. The headers are the caller's to give away.
 */
export function sendWhole(
  response: ServerResponse,
  status: number,
  headers: OutgoingHttpHeaders,
  body: string | Uint8Array,
): void {
  headers['content-length'] = Buffer.byteLength(body);
  if (!isStillSending(response.req)) {
    response.writeHead(status, headers);
    response.end(body);
    return;
  }
  headers.connection = 'close';
  response.writeHead(status, headers);
  response.write(body);
  linger(response);
}

function isStillSending({ complete, headers }: IncomingMessage): boolean {
  if (complete) return false;
  const length = Number(headers['content-length'] ?? 0);
  return (
    headers['transfer-encoding'] !== undefined || length > SMALL_REST || (length > 0 && headers.expect !== undefined)
  );
}

// Whoever reads the body may go on; otherwise little more of it is taken.
function linger(response: ServerResponse): void {
  const { req } = response;
  let dropped = 0;
  const end = (): void => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(end, LINGER_MS);
  req.once('end', end);
  req.once('close', end);
  req.on('data', (chunk: Buffer) => {
    dropped += chunk.length;
    if (dropped > SMALL_REST) req.pause();
  });
}
