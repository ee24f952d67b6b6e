import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { answering, streaming } from '../support/fake-upstream.ts';
import type { Play } from '../support/fake-upstream.ts';
import { Peek } from '../support/peek.ts';
import { FORMATS, openStage, UPSTREAM_KEY } from './stage.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const CANARY = 'canary-in-the-body';

interface Refused {
  readonly name: string;
  readonly play: Play;
  readonly status: number;
  readonly code: string;
  /** The word of `/v1/responses`, where it has another (OR-47). */
  readonly responses?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly message?: string;
}

const told = (message: string, more: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({ error: { message, type: 'some_error', param: null, code: null, ...more } });

const CASES: readonly Refused[] = [
  {
    name: '401',
    play: answering(401, JSON_TYPE, told(`bad key ${CANARY} ${UPSTREAM_KEY}`)),
    status: 502,
    code: 'upstream_auth',
    headers: { 'x-should-retry': 'false' },
  },
  { name: '403', play: answering(403, JSON_TYPE, told(CANARY)), status: 502, code: 'upstream_auth' },
  {
    name: '429 with a long wait',
    play: answering(429, { ...JSON_TYPE, 'retry-after': '3600' }, told('slow down')),
    status: 429,
    code: 'rate_limit_exceeded',
    headers: { 'retry-after': '60', 'retry-after-ms': '60000' },
  },
  {
    name: '429 with a short wait',
    play: answering(429, { ...JSON_TYPE, 'retry-after': '2' }, told('slow down')),
    status: 429,
    code: 'rate_limit_exceeded',
    headers: { 'retry-after': '2', 'retry-after-ms': '2000' },
  },
  {
    name: '429 without a wait',
    play: answering(429, JSON_TYPE, told('slow down')),
    status: 429,
    code: 'rate_limit_exceeded',
    headers: { 'retry-after': '5' },
  },
  {
    name: '400',
    play: answering(400, JSON_TYPE, told('too long', { code: 'context_length_exceeded', param: 'messages' })),
    status: 400,
    code: 'context_length_exceeded',
    headers: { 'x-should-retry': 'false' },
    message: 'too long',
  },
  {
    name: '422',
    play: answering(422, JSON_TYPE, told('no', { code: 'odd_value' })),
    status: 422,
    code: 'odd_value',
    message: 'no',
  },
  {
    name: '500',
    play: answering(500, JSON_TYPE, told('boom')),
    status: 502,
    code: 'upstream_bad_response',
    headers: { 'x-should-retry': 'true' },
  },
  {
    name: '503',
    play: answering(503, { ...JSON_TYPE, 'retry-after': '7' }, '{}'),
    status: 503,
    code: 'overloaded',
    responses: 'server_is_overloaded',
    headers: { 'retry-after': '7' },
  },
  {
    name: '529',
    play: answering(529, JSON_TYPE, '{}'),
    status: 503,
    code: 'overloaded',
    responses: 'server_is_overloaded',
    headers: { 'retry-after': '2' },
  },
  {
    name: 'a web page',
    play: answering(200, { 'content-type': 'text/html' }, `<!doctype html><p>${CANARY}</p>`),
    status: 502,
    code: 'upstream_bad_response',
  },
  {
    name: 'a web page as an error',
    play: answering(500, { 'content-type': 'text/html' }, `<html>${CANARY}</html>`),
    status: 502,
    code: 'upstream_bad_response',
  },
  {
    name: 'a redirect',
    play: answering(302, { location: `http://127.0.0.1:1/${CANARY}` }, ''),
    status: 502,
    code: 'upstream_bad_response',
  },
  {
    name: 'an unknown coding',
    play: answering(200, { 'content-type': 'text/event-stream', 'content-encoding': 'snappy' }, 'xx'),
    status: 502,
    code: 'upstream_bad_response',
  },
  {
    name: 'two codings',
    play: answering(200, { 'content-type': 'text/event-stream', 'content-encoding': 'gzip, br' }, 'xx'),
    status: 502,
    code: 'upstream_bad_response',
  },
  {
    name: 'a compressed body that is broken',
    play: answering(200, { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' }, 'not gzip at all'),
    status: 502,
    code: 'upstream_bad_response',
  },
  {
    name: 'a bomb',
    play: answering(
      200,
      { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' },
      gzipSync(Buffer.alloc(40_000_000, ': x\n')),
    ),
    status: 502,
    code: 'upstream_bad_response',
  },
  {
    name: 'a first event that is an error',
    play: streaming('data: {"error":{"message":"busy","code":429}}\n\n'),
    status: 429,
    code: 'rate_limit_exceeded',
  },
  { name: 'an empty stream', play: streaming(''), status: 502, code: 'upstream_bad_response' },
  {
    name: 'no JSON in an event',
    play: streaming('data: {"choices": [\n\n'),
    status: 502,
    code: 'upstream_bad_response',
  },
  {
    name: 'a reset',
    play: (reply) => reply.reset(),
    status: 502,
    code: 'upstream_bad_response',
    headers: { 'x-should-retry': 'true' },
  },
];

describe('before content, whatever an upstream does is a status and a JSON body in the format of the client', () => {
  test.each(CASES)('OR-46 UP-07 $name', async ({ play, status, code, responses = code, headers = {}, message }) => {
    const stage = await openStage();
    stage.upstream.on('m', play);
    const pairs = FORMATS.flatMap((dialect) => [true, false].map((stream) => ({ dialect, stream })));
    for (const { dialect, stream } of pairs) {
      const answer = await stage.ask(dialect, 'openai-chat/m', stream).done;
      const error = Peek.parse(answer.body.toString()).at('error');
      expect([dialect, answer.status, error.at('code').value, answer.headers['content-type']]).toEqual([
        dialect,
        status,
        dialect === 'openai-responses' ? responses : code,
        'application/json',
      ]);
      expect(['message', 'type', 'param', 'code'].every((key) => error.has(key))).toBe(true);
      for (const [name, value] of Object.entries(headers)) expect([name, answer.headers[name]]).toEqual([name, value]);
      if (message !== undefined) expect(error.at('message').value).toBe(message);
      expect(answer.headers['streamweir-request-id']).toMatch(/^req_/);
      const all = JSON.stringify(answer.headers) + answer.body.toString();
      expect(all).not.toContain(CANARY);
      expect(all).not.toContain(UPSTREAM_KEY);
    }
    const records = await stage.records(pairs.length);
    expect(new Set(records.map((record) => record.at('ended').value))).toEqual(new Set(['failed']));
    expect(records.map((record) => record.at('status').value)).toEqual(pairs.map(() => status));
    expect(stage.gateway.log.join('')).not.toContain(CANARY);
    expect(stage.gateway.log.join('')).not.toContain(UPSTREAM_KEY);
  });

  test('OR-46 nobody listens where the upstream should be', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const stage = await openStage({ at: `http://127.0.0.1:${port}` });
    for (const dialect of FORMATS) {
      const answer = await stage.ask(dialect, 'openai-chat/m').done;
      expect([answer.status, Peek.parse(answer.body.toString()).at('error', 'code').value]).toEqual([
        502,
        'upstream_unreachable',
      ]);
    }
  });
});
