import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { formHead, formTail } from '../../src/framing/multipart-writer.ts';
import { GatewayFailure } from '../../src/model/errors.ts';
import type { FormFiles } from '../../src/protocols/index.ts';
import { readUpload } from '../../src/server/upload.ts';
import type { FormField, Upload, UploadLimits } from '../../src/server/upload.ts';

const LIMITS: UploadLimits = { uploadFile: 25_000_000, uploadField: 65_536, uploadParts: 20 };
const ONE: FormFiles = { names: ['file'], most: 1 };
const BOUNDARY = 'b0undary';
const FILE = { field: 'file', name: 'tön "1".wav', contentType: 'audio/wav; rate=8000' };
const FORM_TYPE = `multipart/form-data; boundary=${BOUNDARY}`;

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** Listens on loopback and hands each upload, or why there is none, to the test. */
async function listen(
  handle: (upload: Promise<Upload>, request: IncomingMessage) => Promise<unknown>,
  limits = LIMITS,
  taken = ONE,
): Promise<number> {
  const server = createServer((request, response) => {
    handle(readUpload(request, limits, taken), request).then(
      (value) => response.end(JSON.stringify(value)),
      (error: unknown) => {
        const told = error instanceof GatewayFailure ? error.error : { kind: 'other', message: String(error) };
        response.writeHead(400, { connection: 'close' }).end(JSON.stringify(told));
      },
    );
  });
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function readAll(upload: Promise<Upload>): Promise<unknown> {
  const { early, files, late } = await upload;
  const file = files.first;
  const pieces: Buffer[] = [];
  for await (const piece of files.first.stream as AsyncIterable<Buffer>) pieces.push(piece);
  const bytes = Buffer.concat(pieces);
  const content = bytes.length > 100 ? bytes.length : bytes.toString();
  return { early, name: file.name, type: file.contentType, content, late: await late };
}

async function post(port: number, pieces: readonly (Uint8Array | string)[], type = FORM_TYPE): Promise<unknown> {
  const body = Buffer.concat(pieces.map((piece) => Buffer.from(piece)));
  const response = await fetch(`http://127.0.0.1:${port}/`, {
    method: 'POST',
    body,
    headers: { 'content-type': type },
  });
  return response.json();
}

async function exchange(
  pieces: readonly (Uint8Array | string)[],
  type?: string,
  limits?: UploadLimits,
): Promise<unknown> {
  return post(await listen(readAll, limits), pieces, type);
}

/** The bytes of a form: fields, the file, fields. */
function form(
  early: readonly FormField[],
  content: string | Uint8Array,
  late: readonly FormField[] = [],
): (Uint8Array | string)[] {
  return [formHead(BOUNDARY, early, FILE), content, formTail(BOUNDARY, late)];
}

const MODEL: FormField = ['model', 'gw/whisper'];
const SEEN = { name: 'tön %221%22.wav', type: FILE.contentType };

describe('parts in any order', () => {
  test('TR-01 TR-02 model before the file: the file streams through, fields after it come late', async () => {
    const seen = await exchange(
      form([['language', 'dé'], MODEL], 'RIFF', [
        ['stream', 'true'],
        ['include[]', 'a'],
        ['include[]', 'b'],
      ]),
    );
    expect(seen).toEqual({
      ...SEEN,
      early: [['language', 'dé'], MODEL],
      content: 'RIFF',
      late: [
        ['stream', 'true'],
        ['include[]', 'a'],
        ['include[]', 'b'],
      ],
    });
  });

  test.each([0, 4, 1_000_000])(
    'TR-01 TR-02 model after a file of %i bytes: the file is kept and every field is known at once',
    async (size) => {
      const seen = await exchange(form([['stream', 'true']], 'x'.repeat(size), [MODEL, ['prompt', '']]));
      expect(seen).toEqual({
        ...SEEN,
        early: [['stream', 'true'], MODEL, ['prompt', '']],
        content: size > 100 ? size : 'x'.repeat(size),
        late: [],
      });
    },
  );

  test('TR-02 a kept file leaves nothing behind in the temporary folder', async () => {
    const names = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('streamweir-upload-'));
    const during: string[][] = [];
    const port = await listen(async (upload) => {
      const { files } = await upload;
      during.push(names());
      files.destroy();
      return 'dropped';
    });
    expect(await post(port, form([], 'x'.repeat(1_000_000), [MODEL]))).toBe('dropped');
    expect([...during, names()]).toEqual([[], []]);
  });

  test('TR-02 the file can be read before the client has sent the rest of it', async () => {
    const heard: string[] = [];
    const port = await listen(async (upload) => {
      const { files, late } = await upload;
      for await (const piece of files.first.stream as AsyncIterable<Buffer>) heard.push(piece.toString());
      return late;
    });
    const client = httpRequest({ port, method: 'POST', headers: { 'content-type': FORM_TYPE } });
    client.write(formHead(BOUNDARY, [MODEL], FILE));
    for (const piece of ['one', 'two']) {
      client.write(piece);
      while (heard.at(-1) !== piece) await sleep(1);
    }
    client.end(formTail(BOUNDARY, [['stream', 'true']]));
    const [response] = (await once(client, 'response')) as [IncomingMessage];
    expect((await response.toArray()).join('')).toBe('[["stream","true"]]');
    expect(heard).toEqual(['one', 'two']);
  });
});

describe('pace and departure', () => {
  test('TR-02 a file that nobody reads stops the client', async () => {
    const gate = Promise.withResolvers<void>();
    const read = { bytes: 0 };
    const port = await listen(async (upload, request) => {
      request.on('data', (chunk: Buffer) => (read.bytes += chunk.length));
      const { files } = await upload;
      await gate.promise;
      files.first.stream.resume();
      await once(files.first.stream, 'end');
      return 'read';
    });
    const answer = post(port, form([MODEL], Buffer.alloc(20_000_000)));
    let before = -1;
    while (before !== read.bytes || read.bytes === 0) {
      before = read.bytes;
      await sleep(50);
    }
    expect(read.bytes).toBeLessThan(1_000_000);
    gate.resolve();
    expect(await answer).toBe('read');
    expect(read.bytes).toBeGreaterThan(20_000_000);
  });

  test('TR-02 several small files that nobody takes stop the client, and come in their order once they are taken', async () => {
    const gate = Promise.withResolvers<void>();
    const read = { bytes: 0 };
    const taken: FormFiles = { names: ['image'], most: 200 };
    const handle = async (upload: Promise<Upload>, request: IncomingMessage): Promise<unknown> => {
      request.on('data', (chunk: Buffer) => (read.bytes += chunk.length));
      const { files } = await upload;
      await gate.promise;
      const seen: string[] = [];
      for await (const { name, stream } of files) seen.push(`${name}:${(await stream.toArray()).join('').length}`);
      return seen;
    };
    const port = await listen(handle, { ...LIMITS, uploadParts: 200 }, taken);
    const names = Array.from({ length: 150 }, (_, at) => `${at}.png`);
    const parts = names.flatMap((name, at) => [
      ...(at === 0 ? [] : ['\r\n']),
      formHead(BOUNDARY, at === 0 ? [MODEL] : [], { field: 'image', name, contentType: 'image/png' }),
      'x'.repeat(10_000),
    ]);
    const answer = post(port, [...parts, formTail(BOUNDARY, [])]);
    let before = -1;
    while (before !== read.bytes || read.bytes === 0) {
      before = read.bytes;
      await sleep(50);
    }
    expect(read.bytes).toBeLessThan(300_000);
    gate.resolve();
    expect(await answer).toEqual(names.map((name) => `${name}:10000`));
  });

  test('TR-02 a file that is dropped lets the rest of the form through', async () => {
    const port = await listen(async (upload) => {
      const { files, late } = await upload;
      files.destroy();
      return late;
    });
    expect(await post(port, form([MODEL], Buffer.alloc(5_000_000), [['stream', 'true']]))).toEqual([
      ['stream', 'true'],
    ]);
  });

  test.each([[[MODEL]], [[]]])(
    'TR-07 a client that leaves breaks the file off (fields before it: %j)',
    async (early) => {
      const failed = Promise.withResolvers<unknown>();
      const port = await listen(async (upload) => readAll(upload).catch(failed.resolve));
      const client = httpRequest({
        port,
        method: 'POST',
        headers: { 'content-type': FORM_TYPE, 'content-length': 1000 },
      });
      client.on('error', () => {});
      client.write(formHead(BOUNDARY, early, FILE));
      client.write('RIFF');
      await sleep(20);
      client.destroy();
      expect(await failed.promise).toMatchObject({ code: 'ECONNRESET' });
    },
  );
});

describe('refusals', () => {
  const many: FormField[] = Array.from({ length: 19 }, (_, index) => [`f${index}`, '']);
  test.each<[string, (Uint8Array | string)[], object]>([
    [
      'no file',
      [`--${BOUNDARY}\r\nContent-Disposition: form-data; name="model"\r\n\r\nm`, formTail(BOUNDARY, [])],
      { kind: 'invalid_request', code: 'missing_required_parameter', param: 'file' },
    ],
    ['no model', form([], 'RIFF'), { kind: 'invalid_request', code: 'missing_required_parameter', param: 'model' }],
    [
      'two files',
      [...form([MODEL], 'a').slice(0, 2), '\r\n', ...form([], 'b')],
      { kind: 'invalid_request', param: 'file' },
    ],
    [
      'a file of another name',
      [formHead(BOUNDARY, [MODEL], { ...FILE, field: 'mask' }), 'x', formTail(BOUNDARY, [])],
      { kind: 'invalid_request', param: 'mask' },
    ],
    ['too many parts', form([MODEL, ...many], 'x'), { kind: 'too_large' }],
    ['a field too large', form([MODEL, ['prompt', 'x'.repeat(65_537)]], 'x'), { kind: 'too_large', param: 'prompt' }],
    ['a live file too large', form([MODEL], Buffer.alloc(25_000_001)), { kind: 'too_large', param: 'file' }],
    ['a kept file too large', form([], Buffer.alloc(25_000_001), [MODEL]), { kind: 'too_large', param: 'file' }],
    ['a form cut short', form([MODEL], 'RIFF').slice(0, 2), { kind: 'invalid_request' }],
    ['no form at all', ['{}'], { kind: 'invalid_request' }],
    ['an empty body', [], { kind: 'invalid_request' }],
  ])('TR-01 %s', async (_name, pieces, error) => {
    expect(await exchange(pieces)).toMatchObject(error);
  });

  test('TR-01 what just fits is accepted', async () => {
    const fields: FormField[] = [MODEL, ['prompt', 'x'.repeat(65_536)], ...many.slice(0, 17)];
    expect(await exchange(form(fields, Buffer.alloc(25_000_000)))).toMatchObject({
      content: 25_000_000,
      early: fields,
    });
  });

  test.each([
    ['application/json', 'unsupported_media'],
    ['multipart/form-data', 'invalid_request'],
    [`multipart/form-data; boundary=${'x'.repeat(71)}`, 'invalid_request'],
    ['multipart/form-data; boundary="other"', 'invalid_request'],
  ])('TR-01 content type %s', async (type, kind) => {
    expect(await exchange(form([MODEL], 'x'), type)).toMatchObject({ kind });
  });
});
