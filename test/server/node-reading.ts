import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { inParallel } from '../support/pool.ts';

/** The first request on a connection, as a server of `node:http` with its default strictness read it. */
export interface NodeReading {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** What came of the body, a character for each byte. */
  readonly body: string;
  /** Whether all of it came. */
  readonly complete: boolean;
  /** Whether the connection ends with the answer. */
  readonly closes: boolean;
}

// Milliseconds that one connection may take, on the slowest of machines.
const PATIENCE = 20_000;
const WIDTH = 64;

/** Gives bytes to `node:http`, each text on a connection of its own; undefined for those that it refuses. */
export async function readByNode(all: readonly string[]): Promise<readonly (NodeReading | undefined)[]> {
  const readings = new Map<number, { request: IncomingMessage; response: ServerResponse; body: string }>();
  const server = createServer((request, response) => {
    const { remotePort = 0 } = request.socket;
    // What follows the first request is another question.
    if (readings.has(remotePort)) return;
    const reading = { request, response, body: '' };
    readings.set(remotePort, reading);
    request.setEncoding('latin1');
    request.on('data', (text: string) => {
      reading.body += text;
    });
    request.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await inParallel(all, WIDTH, async (text) => {
      const port = await give(server, text);
      const reading = readings.get(port);
      // The port may be given to another.
      readings.delete(port);
      if (reading === undefined) return undefined;
      const { request, response, body } = reading;
      const { method = '', url = '', headers, complete } = request;
      return { method, url, headers: { ...headers }, body, complete, closes: !response.shouldKeepAlive };
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

// Nobody answers: the server has read all that came when it has read the end.
async function give(server: Server, text: string): Promise<number> {
  const { port } = server.address() as AddressInfo;
  const client = connect(port, '127.0.0.1');
  client.setTimeout(PATIENCE, () => client.destroy(new Error('the server did not read to the end')));
  client.resume();
  const closed = once(client, 'close');
  await once(client, 'connect');
  const { localPort = 0 } = client;
  client.end(text, 'latin1');
  await closed;
  return localPort;
}
