import { createVerify, generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { TokenSource } from '../../src/config/snapshot.ts';
import { GatewayFailure } from '../../src/model/errors.ts';
import { FetchedToken } from '../../src/transport/auth/fetched-token.ts';

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const PEM = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const HOUR_S = 3600;

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly form: URLSearchParams;
}

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((done) => server.close(done).closeAllConnections())));
});

/** A token endpoint on a loopback port; `answer` gives status and body of the n-th question. */
async function endpoint(
  answer: (n: number) => readonly [status: number, body: string] | Promise<readonly [number, string]>,
): Promise<{ readonly url: string; readonly asked: readonly Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const pieces: Buffer[] = [];
      for await (const piece of request) pieces.push(piece as Buffer);
      const form = new URLSearchParams(Buffer.concat(pieces).toString());
      asked.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, form });
      const [status, body] = await answer(asked.length);
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    })();
  });
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`, asked };
}

const granted = (n: number): readonly [number, string] => [
  200,
  JSON.stringify({ access_token: `token-${n}`, expires_in: HOUR_S, token_type: 'Bearer' }),
];

function account(tokenUrl: string): TokenSource {
  return { kind: 'account', email: 'gateway@project.example', privateKey: PEM, keyId: 'key-7', tokenUrl };
}

/** A clock that stands still until it is moved. */
function clock(): { now: () => number; wait: number; time: number } {
  const times = { time: 1_800_000_000_000, wait: 5_000, now: (): number => times.time };
  return times;
}

async function failure(promise: string | Promise<string>): Promise<GatewayFailure['error']> {
  const thrown: unknown = await Promise.resolve(promise).catch((error: unknown) => error);
  if (!(thrown instanceof GatewayFailure)) throw new Error('it did not fail');
  return thrown.error;
}

test('a service account asks with an assertion that its key has signed, for the scope of the cloud, and for an hour', async () => {
  const { url, asked } = await endpoint(granted);
  const times = clock();
  expect(await new FetchedToken(account(url), times).get()).toBe('token-1');
  const form = asked[0]?.form;
  expect(form?.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer');
  const [head = '', claims = '', signature = ''] = form?.get('assertion')?.split('.') ?? [];
  const said = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString());
  expect(said(head)).toEqual({ alg: 'RS256', typ: 'JWT', kid: 'key-7' });
  expect(said(claims)).toEqual({
    iss: 'gateway@project.example',
    scope: 'https://www.googleapis.com/auth/cloud-platform',
    aud: url,
    iat: times.time / 1000,
    exp: times.time / 1000 + HOUR_S,
  });
  const verifier = createVerify('RSA-SHA256').update(`${head}.${claims}`);
  expect(verifier.verify(publicKey, signature, 'base64url')).toBe(true);
});

test('a login of a person asks with its refresh token, a machine with nothing but the header of its metadata server', async () => {
  const { url, asked } = await endpoint(granted);
  const grant = { kind: 'grant', clientId: 'c', clientSecret: 's', refreshToken: 'r', tokenUrl: url } as const;
  await new FetchedToken(grant, clock()).get();
  expect(Object.fromEntries(asked[0]?.form ?? [])).toEqual({
    grant_type: 'refresh_token',
    client_id: 'c',
    client_secret: 's',
    refresh_token: 'r',
  });
  await new FetchedToken({ kind: 'machine', tokenUrl: url }, clock()).get();
  expect(asked[1]).toMatchObject({ method: 'GET', headers: { 'metadata-flavor': 'Google' } });
});

test('a token is fetched once for all who ask at the same time, and kept', async () => {
  const { url, asked } = await endpoint(granted);
  const token = new FetchedToken(account(url), clock());
  expect(await Promise.all(Array.from({ length: 20 }, async () => token.get()))).toEqual(Array(20).fill('token-1'));
  expect(token.get()).toBe('token-1');
  expect(asked).toHaveLength(1);
});

test('shortly before its end a token is replaced while it is still used, and after its end it is waited for', async () => {
  const { url, asked } = await endpoint(granted);
  const times = clock();
  const token = new FetchedToken(account(url), times);
  await token.get();
  times.time += (HOUR_S - 100) * 1000;
  expect(token.get()).toBe('token-1');
  while (token.get() === 'token-1') await new Promise((done) => setImmediate(done));
  expect(token.get()).toBe('token-2');
  times.time += (HOUR_S + 1) * 1000;
  expect(await token.get()).toBe('token-3');
  expect(asked).toHaveLength(3);
});

test('an endpoint that fails while the old token still holds costs no call anything, and is left alone for a moment', async () => {
  const { url, asked } = await endpoint((n) => (n === 1 ? granted(n) : [503, '{}']));
  const times = clock();
  const token = new FetchedToken(account(url), times);
  await token.get();
  times.time += (HOUR_S - 100) * 1000;
  expect(token.get()).toBe('token-1');
  while (asked.length < 2) await new Promise((done) => setImmediate(done));
  for (let n = 0; n < 50; n++) {
    expect(token.get()).toBe('token-1');
    await new Promise((done) => setImmediate(done));
  }
  const before = asked.length;
  for (let n = 0; n < 50; n++) {
    expect(token.get()).toBe('token-1');
    await new Promise((done) => setImmediate(done));
  }
  expect(asked).toHaveLength(before);
  times.time += 101_000;
  expect(await failure(token.get())).toMatchObject({ kind: 'unreachable' });
});

test.each([
  ['a refusal', 400, '{"error":"invalid_grant","error_description":"canary@project"}', 'upstream_auth', 'HTTP 400'],
  ['a fault', 500, 'canary', 'unreachable', 'HTTP 500'],
  ['an answer without a token', 200, '{"canary":1}', 'upstream_auth', 'gave none'],
  ['a page', 200, '<html>canary</html>', 'upstream_auth', 'gave none'],
  ['a token that no header can carry', 200, '{"access_token":"a\\r\\ncanary: 1"}', 'upstream_auth', 'gave none'],
])(
  '%s of the endpoint is told without its words, and the next call asks again',
  async (_, status, body, kind, words) => {
    const { url, asked } = await endpoint(() => [status, body]);
    const token = new FetchedToken(account(url), clock());
    const error = await failure(token.get());
    expect(error.kind).toBe(kind);
    expect(error.message).toContain(words);
    expect(JSON.stringify(error)).not.toContain('canary');
    await failure(token.get());
    expect(asked).toHaveLength(2);
  },
);

test('an endpoint that nobody serves, and one that never answers, are told as unreachable', async () => {
  const gone = await endpoint(granted);
  await Promise.all(servers.splice(0).map((server) => new Promise((done) => server.close(done))));
  expect(await failure(new FetchedToken(account(gone.url), clock()).get())).toMatchObject({ kind: 'unreachable' });
  const silent = await endpoint(() => new Promise(() => undefined));
  const hasty = { ...clock(), wait: 50 };
  expect(await failure(new FetchedToken(account(silent.url), hasty).get())).toMatchObject({ kind: 'unreachable' });
});

test('a private key that is none is told without its content', async () => {
  const { url } = await endpoint(granted);
  const source = { ...account(url), privateKey: 'canary' } as TokenSource;
  const error = await failure(new FetchedToken(source, clock()).get());
  expect(error).toMatchObject({ kind: 'upstream_auth' });
  expect(JSON.stringify(error)).not.toContain('canary');
});
