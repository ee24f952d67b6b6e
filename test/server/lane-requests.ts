/** A request as its bytes, a character for each. */
export interface Asked {
  readonly name: string;
  readonly text: string;
  /** Whether nothing more is answered on its connection. */
  readonly last?: boolean;
  /** Calls to the upstream. */
  readonly calls: number;
}

const CHAT = '/v1/chat/completions';
const JSON_LINE = 'content-type: application/json';

/** What is posted, with other lines in the head. */
function post(
  path: string,
  body: string,
  lines: readonly string[] = [JSON_LINE, `content-length: ${body.length}`],
  version = '1.1',
): string {
  return [`POST ${path} HTTP/${version}`, 'host: h', ...lines, '', body].join('\r\n');
}

function chat(model: string, stream = false): string {
  return JSON.stringify({ model, messages: [{ role: 'user', content: 'Hi' }], ...(stream && { stream }) });
}

const WHOLE = chat('up/whole');
const LENGTH = `content-length: ${WHOLE.length}`;

/** What the lane answers. */
export const PLAIN: readonly Asked[] = [
  { name: 'a whole answer', text: post(CHAT, WHOLE), calls: 1 },
  { name: 'a stream', text: post(CHAT, chat('up/stream', true)), calls: 1 },
  { name: 'a model that nobody has', text: post(CHAT, chat('no/m', true)), calls: 0 },
  { name: 'a stream in steps', text: post(CHAT, chat('up/steps', true)), calls: 1 },
  { name: 'no JSON', text: post(CHAT, '{"model":'), calls: 0 },
  {
    name: 'a stream in another format',
    text: post('/v1/responses?a=b', '{"model":"up/stream","input":"Hi","stream":true,"store":false}'),
    calls: 1,
  },
  {
    name: 'a head with more in it',
    text: post(CHAT, WHOLE, [
      'User-Agent: a/1',
      'connection: Keep-Alive',
      JSON_LINE,
      LENGTH,
      'accept:*/*',
      'x-latin: \xe9',
    ]),
    calls: 1,
  },
];

/** What brings a connection to `node:http` and is answered there as in the lane. */
export const FORCING: Asked = {
  name: 'te',
  text: post(CHAT, chat('no/m'), ['te: trailers', JSON_LINE, `content-length: ${chat('no/m').length}`]),
  calls: 0,
};

function form(): string {
  const part = (name: string, value: string): string =>
    `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const body = `${part('model', 'up/ear')}${part('file"; filename="a.wav', 'RIFF\0\xff')}--b--\r\n`;
  return post('/v1/audio/transcriptions', body, [
    'content-type: multipart/form-data; boundary=b',
    `content-length: ${body.length}`,
  ]);
}

const CHUNKED = `${WHOLE.length.toString(16)}\r\n${WHOLE}\r\n0\r\n\r\n`;

/** What the lane leaves to `node:http`, and the connection goes on. */
export const OTHERS: readonly Asked[] = [
  { name: 'GET', text: 'GET /healthz HTTP/1.1\r\nhost: h\r\n\r\n', calls: 0 },
  { name: 'chunks', text: post(CHAT, CHUNKED, [JSON_LINE, 'transfer-encoding: chunked']), calls: 1 },
  { name: 'an expectation', text: post(CHAT, WHOLE, ['expect: 100-continue', JSON_LINE, LENGTH]), calls: 1 },
  { name: 'a form', text: form(), calls: 1 },
  { name: 'a path that is none', text: post('/v1/none', '{}'), calls: 0 },
  { name: 'another type', text: post(CHAT, 'a=b', ['content-type: text/plain', 'content-length: 3']), calls: 0 },
  { name: 'a method that is not taken', text: post(CHAT, '{}').replace('POST', 'PUT'), calls: 0 },
  { name: 'no length', text: post(CHAT, '', [JSON_LINE]), calls: 0 },
  { name: 'a header that comes twice', text: post(CHAT, WHOLE, ['x: 1', JSON_LINE, 'x: 2', LENGTH]), calls: 1 },
  { name: 'two keys', text: post(CHAT, WHOLE, ['authorization: a', JSON_LINE, LENGTH, 'Authorization: b']), calls: 0 },
  {
    name: 'a page of another site',
    text: post(CHAT, WHOLE, ['sec-fetch-site: cross-site', JSON_LINE, LENGTH]),
    calls: 0,
  },
  { name: 'lines before it', text: `\r\n\r\n${post(CHAT, WHOLE)}`, calls: 1 },
];

// Masked with zeros. The first is refused in words, the second says good-bye.
const FRAMES = '\x82\x82\0\0\0\0{}\x88\x80\0\0\0\0';
const UPGRADE = [
  'connection: Upgrade',
  'upgrade: websocket',
  'sec-websocket-version: 13',
  'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
];

/** What ends its connection, or makes something else of it. */
export const LAST: readonly Asked[] = [
  {
    name: 'HTTP/1.0',
    text: post(CHAT, chat('up/stream', true), [JSON_LINE, `content-length: ${chat('up/stream', true).length}`], '1.0'),
    calls: 1,
  },
  { name: 'close', text: post(CHAT, WHOLE, ['connection: close', JSON_LINE, LENGTH]), calls: 1 },
  {
    name: 'close, with chunks',
    text: post(CHAT, CHUNKED, [JSON_LINE, 'connection: close', 'transfer-encoding: chunked']),
    calls: 1,
  },
  { name: 'close by another name', text: post(CHAT, WHOLE, ['proxy-connection: close', JSON_LINE, LENGTH]), calls: 1 },
  {
    name: 'a WebSocket',
    text: `GET /v1/responses HTTP/1.1\r\nhost: h\r\n${UPGRADE.join('\r\n')}\r\n\r\n${FRAMES}`,
    calls: 0,
  },
  { name: 'two lengths', text: post(CHAT, WHOLE, [JSON_LINE, LENGTH, 'content-length: 2']), calls: 0 },
  { name: 'one length twice', text: post(CHAT, WHOLE, [LENGTH, JSON_LINE, LENGTH]), calls: 0 },
  {
    name: 'a length and chunks',
    text: post(CHAT, CHUNKED, [JSON_LINE, LENGTH, 'transfer-encoding: chunked']),
    calls: 0,
  },
  {
    name: 'chunks and a length',
    text: post(CHAT, CHUNKED, ['transfer-encoding: chunked', JSON_LINE, 'content-length: 4']),
    calls: 0,
  },
  {
    name: 'white space before a colon',
    text: post(CHAT, WHOLE, [JSON_LINE, `content-length : ${WHOLE.length}`]),
    calls: 0,
  },
  { name: 'lines that end without a return', text: post(CHAT, WHOLE).replaceAll('\r\n', '\n'), calls: 0 },
  { name: 'no request', text: '\x16\x03\x01\x02\0\x01\0\x01\xfc', calls: 0 },
  { name: 'no host', text: post(CHAT, WHOLE).replace('host: h\r\n', ''), calls: 0 },
].map((each) => ({ ...each, last: true }));

/** One of all of them by its name. */
export function named(name: string): Asked {
  const found = [...PLAIN, ...OTHERS, ...LAST].find((each) => each.name === name);
  if (found === undefined) throw new Error(`no request is called ${name}`);
  return found;
}

/** Asks for a model that is or is not there. */
export function askFor(model: string): Asked {
  return { name: model, text: post(CHAT, chat(model)), calls: model.startsWith('up/') ? 1 : 0 };
}

/** A whole answer asked for by a head of so many bytes. */
export function longHead(bytes: number): Asked {
  const shortest = post(CHAT, WHOLE, ['x-long: ', JSON_LINE, LENGTH]);
  const filling = 'x'.repeat(bytes - (shortest.length - WHOLE.length));
  return { name: `a head of ${bytes} bytes`, text: shortest.replace('x-long: ', `x-long: ${filling}`), calls: 1 };
}

/** A whole answer asked for by a body of so many bytes. */
export function longBody(bytes: number): Asked {
  return {
    name: `a body of ${bytes} bytes`,
    text: post(CHAT, WHOLE.replace('Hi', `Hi${'x'.repeat(bytes - WHOLE.length)}`)),
    calls: 1,
  };
}
