/** A response, and what is to be read of it. */
export interface Sample {
  readonly name: string;
  readonly wire: string;
  readonly status: number;
  readonly ends: 'chunked' | 'length' | 'close' | 'none';
  readonly body: string;
  readonly keeps: number;
  readonly surplus?: boolean;
}

const always = { keeps: Infinity, status: 200 };
/** Responses of every kind of end. */
export const SAMPLES: readonly Sample[] = [
  {
    ...always,
    name: 'a length',
    wire: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
    ends: 'length',
    body: 'hello',
  },
  {
    ...always,
    name: 'a body of no bytes',
    wire: 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n',
    ends: 'none',
    body: '',
  },
  {
    ...always,
    name: 'chunks, sizes in both cases, extensions and trailers',
    wire:
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n' +
      '3\r\nabc\r\nA\r\n0123456789\r\nb;ext\r\nhello world\r\n5 \t;a="b"\r\n\r\n0\r\n\r\n0000001\r\n!\r\n' +
      '0;done\r\nDigest: x\r\nExpires: y\r\n\r\n',
    ends: 'chunked',
    body: 'abc0123456789hello world\r\n0\r\n!',
  },
  {
    ...always,
    name: 'chunks of no body',
    wire: 'HTTP/1.1 200 OK\r\ntransfer-encoding:chunked\r\n\r\n0\r\n\r\n',
    ends: 'chunked',
    body: '',
  },
  {
    name: 'a body up to the end of the connection',
    wire: 'HTTP/1.1 502 Bad Gateway\r\nServer: x\r\n\r\n0\r\n\r\nno chunks',
    status: 502,
    ends: 'close',
    body: '0\r\n\r\nno chunks',
    keeps: 0,
  },
  { ...always, name: '204', wire: 'HTTP/1.1 204 No Content\r\n\r\n', status: 204, ends: 'none', body: '' },
  {
    ...always,
    name: '304, whatever length it names',
    wire: 'HTTP/1.1 304 Not Modified\r\nContent-Length: 12\r\n\r\n',
    status: 304,
    ends: 'none',
    body: '',
  },
  {
    ...always,
    name: 'an answer that was announced',
    wire: 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 201\r\nContent-Length: 2\r\n\r\nok',
    status: 201,
    ends: 'length',
    body: 'ok',
  },
  {
    name: 'HTTP/1.0, which keeps no connection',
    wire: 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok',
    status: 200,
    ends: 'length',
    body: 'ok',
    keeps: 0,
  },
  {
    name: 'the last of a connection',
    wire: 'HTTP/1.1 429 Slow\r\nConnection: x, Close\r\nContent-Length: 2\r\n\r\nno',
    status: 429,
    ends: 'length',
    body: 'no',
    keeps: 0,
  },
  {
    name: 'a connection that is kept for a while',
    wire: 'HTTP/1.1 200 OK\r\nKeep-Alive: max=9, Timeout=5\r\nContent-Length: 2\r\n\r\nok',
    status: 200,
    ends: 'length',
    body: 'ok',
    keeps: 4000,
  },
  {
    ...always,
    name: 'more than one length told',
    wire: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200',
    ends: 'length',
    body: 'ok',
    surplus: true,
  },
  {
    ...always,
    name: 'more than its chunks',
    wire: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n\r\n',
    ends: 'chunked',
    body: 'ok',
    surplus: true,
  },
  {
    ...always,
    name: 'a body where there may be none',
    wire: 'HTTP/1.1 204 No Content\r\n\r\nbody',
    status: 204,
    ends: 'none',
    body: '',
    surplus: true,
  },
];
