import { createServer, getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { TlsOptions, TLSSocket } from 'node:tls';
import { PassThrough } from 'node:stream';
import { beforeAll, expect, test } from 'vitest';
import { certificate } from './http1-certificate.ts';
import type { Certified } from './http1-certificate.ts';
import { answer, Asked, CHUNKED_HEAD, openOtherPool, openPeer, poolAt } from './http1-stage.ts';
import type { Line, Peer } from './http1-stage.ts';

let trusted: Certified;
beforeAll(() => {
  trusted = certificate('an authority of the tests');
  setDefaultCACertificates([...getCACertificates('default'), trusted.cert]);
});

function openSecurePeer(play: (line: Line, index: number) => unknown, options: TlsOptions = {}): Promise<Peer> {
  const server = createServer({ key: trusted.key, cert: trusted.cert, ...options });
  server.on('tlsClientError', () => undefined);
  return openPeer(play, server);
}

test.each(['localhost', '127.0.0.1'])(
  'a connection over TLS is asked again, and again, by the name %s',
  async (host) => {
    const peer = await openSecurePeer(async (line) => {
      for (const [index, text] of ['one', 'two', 'three'].entries()) {
        await line.asked(index + 1);
        await line.send(answer(text));
      }
    });
    const pool = poolAt(`https://${host}:${peer.port}/v1`);
    for (const body of ['one', 'two', 'three'])
      expect(await new Asked(pool).over).toMatchObject({ told: ['head', 'data', 'end'], body });
    expect(peer.lines).toHaveLength(1);
    const socket = peer.lines[0]?.socket as TLSSocket;
    expect([socket.alpnProtocol, socket.getProtocol()]).toEqual([false, 'TLSv1.3']);
    expect(peer.lines[0]?.seen).toContain(`host: ${host}:${peer.port}\r\n`);
  },
);

test('a second connection over TLS takes up the session of the first', async () => {
  const reused: boolean[] = [];
  const peer = await openSecurePeer(async (line) => {
    reused.push((line.socket as TLSSocket).isSessionReused());
    await line.asked(1);
    await line.send(answer('ok', 'Connection: close'));
  });
  const pool = poolAt(`https://localhost:${peer.port}`);
  for (let i = 0; i < 3; i++) expect((await new Asked(pool).over).body).toBe('ok');
  expect(reused).toEqual([false, true, true]);
});

const BODY = Buffer.alloc(3 * 1024 * 1024, 'over TLS, ').toString('latin1');

test.each([
  ['a length', answer(BODY)],
  ['chunks', `${CHUNKED_HEAD}${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`],
])('who holds what TLS had deciphered already gets every byte of it, in order: %s', async (_, wire) => {
  const passing = await openOtherPool();
  const peer = await openSecurePeer(async (line) => {
    await line.asked(1);
    await line.send(wire);
  });
  let holds = 0;
  const asked = new Asked(
    poolAt(`https://localhost:${peer.port}`),
    {},
    {
      head: ({ exchange }) => {
        exchange.pause();
        void passing().then(() => exchange.resume());
      },
      data: ({ exchange, pieces }) => {
        if (pieces % 20 !== 1) return;
        holds++;
        exchange.pause();
        setImmediate(() => exchange.resume());
      },
    },
  );
  await asked.over;
  expect(asked.told).toEqual(['head', 'data', 'end']);
  expect(asked.body === BODY).toBe(true);
  expect(holds).toBeGreaterThan(3);
});

test.each([
  ['all of it', answer('hello'), 'end'],
  ['an answer that ends with it', 'HTTP/1.1 200 OK\r\n\r\nhello', 'end'],
  ['half an answer', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello', 'fail'],
])('an upstream that closes while it is held gave first what it gave, over TLS too: %s', async (_, wire, ending) => {
  const passing = await openOtherPool();
  const peer = await openSecurePeer(async (line) => {
    await line.asked(1);
    line.socket.end(wire);
  });
  const hold = ({ exchange }: Asked): void => {
    exchange.pause();
    void passing().then(() => exchange.resume());
  };
  const asked = await new Asked(poolAt(`https://localhost:${peer.port}`), {}, { head: hold }).over;
  expect(asked).toMatchObject({ told: ['head', 'data', ending], body: 'hello' });
});

test('an exchange that is held before it is connected is connected all the same', async () => {
  const asking = Promise.withResolvers<void>();
  const peer = await openSecurePeer(async (line) => {
    await line.asked(1);
    await line.send(answer('hello'));
    asking.resolve();
  });
  const asked = new Asked(poolAt(`https://localhost:${peer.port}`));
  asked.exchange.pause();
  await asking.promise;
  expect(asked.told).toEqual([]);
  asked.exchange.resume();
  expect(await asked.over).toMatchObject({ told: ['head', 'data', 'end'], body: 'hello' });
});

test('nothing is told after what is no HTTP, though TLS may have deciphered more', async () => {
  const peer = await openSecurePeer(async (line) => {
    await line.asked(1);
    // One write, but more than one piece: each begins where a reader that goes on would see an answer.
    const nonsense = `x\r\n\r\n`.padEnd(16 * 1024, '-');
    await line.send(
      nonsense +
        answer('hello')
          .padEnd(16 * 1024, '-')
          .repeat(3),
    );
  });
  const asked = await new Asked(poolAt(`https://localhost:${peer.port}`)).over;
  await (
    await openOtherPool()
  )();
  expect(asked).toMatchObject({ told: ['fail'], error: { kind: 'bad_response' } });
});

test('an upload goes over TLS, and its connection is used again', async () => {
  const peer = await openSecurePeer(async (line) => {
    await line.until((seen) => seen.endsWith('\r\n0\r\n\r\n'));
    await line.send(answer('one'));
    await line.asked(1);
    await line.send(answer('two'));
  });
  const pool = poolAt(`https://localhost:${peer.port}`);
  const body = new PassThrough();
  body.end('all of it');
  expect((await new Asked(pool, { body }).over).body).toBe('one');
  expect((await new Asked(pool).over).body).toBe('two');
  expect(peer.lines[0]?.seen).toContain('\r\n\r\n9\r\nall of it\r\n0\r\n\r\n');
  expect(peer.lines).toHaveLength(1);
});

test.each([
  ['that signed itself', () => certificate('somebody else')],
  ['of an unknown authority', () => certificate('a server', certificate('an unknown authority'))],
  ['for another name', () => certificate('a server', trusted, 'elsewhere.example')],
])('an upstream with a certificate %s is unreachable, and is sent nothing', async (_, made) => {
  const { key, cert } = made();
  const peer = await openSecurePeer(() => undefined, { key, cert });
  const asked = await new Asked(poolAt(`https://localhost:${peer.port}`)).over;
  expect(asked).toMatchObject({ told: ['fail'], error: { kind: 'unreachable' }, fault: { stale: false } });
  expect(asked.error?.message).toMatch(/SELF_SIGNED|ALTNAME|VERIFY_LEAF/);
  for (const line of peer.lines) {
    await line.closed;
    expect(line.seen).toBe('');
  }
});

test('an upstream that speaks no TLS is unreachable over it', async () => {
  const peer = await openPeer((line) => line.send('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'));
  const asked = await new Asked(poolAt(`https://localhost:${peer.port}`)).over;
  expect(asked).toMatchObject({ told: ['fail'], error: { kind: 'unreachable' } });
});
