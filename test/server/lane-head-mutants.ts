import { HEAD_END } from '../../src/server/lane-head.ts';

/** The body of every request here; no head names another length unless it was changed. */
export const BODY = 'hello';

/** Heads that take the lane, of several shapes. */
export const SAMPLES: readonly string[] = [
  'POST /v1/chat/completions HTTP/1.1\r\nHost: x:80\r\nContent-Type: application/json\r\nContent-Length: 5',
  'POST /a/b?c=%20d&e HTTP/1.1\r\nhost: h\r\nauthorization:Bearer k\r\naccept: */*\r\nCONTENT-TYPE: application/json; charset=utf-8\r\ncontent-length:\t5 \r\nconnection: Keep-Alive\r\nx-odd: a\tb\xe9',
  'POST / HTTP/1.1\r\ncontent-length: 5\r\nconnection: close\r\ncontent-type:application/json\r\nhost:h\r\ncookie: a=b; c\r\nempty:',
];

/** Bytes that mean something somewhere in a head, or are forbidden there, or are neither. */
const TELLING = '\0\t\n\v\f\r :,\x1b\x7f\x80\x85\xa0\xff#?/\\";-+05aKZ{%';

/** How many mutants {@link byteMutant} makes of a head. */
export function byteMutantsOf(head: string): number {
  return (2 * head.length + 1) * TELLING.length;
}

/** A head with one of its bytes replaced by a telling one, or preceded by it; the last may also be followed by it. */
export function byteMutant(head: string, choice: number): string {
  const place = Math.floor(choice / TELLING.length);
  const at = Math.floor(place / 2);
  const byte = TELLING[choice % TELLING.length] ?? '';
  return head.slice(0, at) + byte + head.slice(at + (place % 2 === 0 ? 0 : 1));
}

// Values that say how a request is to be read, in all the ways that were ever used to have two parties read two requests.
const VALUES: Readonly<Record<string, readonly string[]>> = {
  'transfer-encoding': ['chunked', 'identity', 'gzip, chunked', 'xchunked', '\x0bchunked', ''],
  transfer_encoding: ['chunked'],
  'Transfer-Encoding ': ['chunked'],
  'transfer-encoding\t': ['chunked'],
  'content-length': ['0', '5', '6', '05', '+5', '-5', '5,5', '5, 6', '0x5', '5e0', '5.0', '', '5\t', '\xa05', '5 5'],
  'Content-Length': ['18446744073709551621', '4294967301', '999999999', '1000000000'],
  'content-length ': ['5'],
  content_length: ['6'],
  connection: ['close', 'keep-alive', 'upgrade', 'close, keep-alive', 'te', 'CLOSE', '', ',', 'x'],
  'proxy-connection': ['close', 'keep-alive', 'x'],
  'keep-alive': ['close', 'timeout=1'],
  expect: ['100-continue', '200-ok'],
  te: ['trailers'],
  trailer: ['x'],
  upgrade: ['websocket', 'h2c'],
  'HTTP2-Settings': ['AAMAAABk'],
  'content-encoding': ['gzip', 'identity'],
  'content-type': ['text/plain', 'application/json'],
  host: ['other', ''],
  'set-cookie': ['a=b'],
  cookie: ['d=e'],
  'sec-fetch-site': ['cross-site', 'none'],
  ' x': ['y'],
  'x\n': ['y'],
  '': ['x', ''],
  a: ['b, c', ' \t b \t ', '\xa0b\xa0', '\x85', '\v', '\x01', 'b\rc', 'b\nc', 'b\n c: d', 'b\r\n c'],
};
// What is special to Node or to the language among names.
const NAMES = [
  '__proto__',
  '__Proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'age',
  'referer',
  'user-agent',
  '0',
];
const FIELDS = [
  ...Object.entries(VALUES).flatMap(([name, values]) => values.map((value) => `${name}: ${value}`)),
  ...NAMES.map((name) => `${name}: x`),
  'Content-Length:6',
  'content-length',
  'x',
  '',
];

/** A head with each of its fields left out, written twice, moved, folded, ended otherwise; and with each other field at every place. */
export function fieldMutants(head: string): readonly string[] {
  const [first = '', ...fields] = head.split('\r\n');
  const others = [...FIELDS, ...fields, ...fields.map((field) => field.toUpperCase())];
  const places = [...fields.keys(), fields.length];
  return [
    ...fields.map((_, at) => [first, ...fields.toSpliced(at, 1)].join('\r\n')),
    ...fields.map((_, at) => [first, ...fields.slice(at), ...fields.slice(0, at)].join('\r\n')),
    ...places.flatMap((at) => others.map((other) => [first, ...fields.toSpliced(at, 0, other)].join('\r\n'))),
    ...fields.flatMap((_, at) => FIELDS.map((other) => [first, ...fields.toSpliced(at, 1, other)].join('\r\n'))),
    ...[' ', '\t', '\r\n ', '\n'].flatMap((space) => eachMatch(head, /:/g, (colon) => space + colon)),
    ...[' ', '\t', '\r\n ', '\r\n\t', '\n ', ' \t '].flatMap((space) =>
      eachMatch(head, /:/g, (colon) => colon + space),
    ),
    ...['\n', '\r', '\n\r', '\r\r\n', '\r\n\n', ' \r\n', '\t\r\n', '\0\r\n'].flatMap((end) =>
      eachMatch(head, /\r\n|$/g, () => end),
    ),
    head.replaceAll('\r\n', '\n'),
  ];
}

// Replaces each match, one at a time.
function eachMatch(text: string, pattern: RegExp, to: (match: string) => string): readonly string[] {
  return [...text.matchAll(pattern)].map(
    ({ index, 0: match }) => text.slice(0, index) + to(match) + text.slice(index + match.length),
  );
}

const METHODS = ['GET', 'PUT', 'post', 'POSt', 'POST ', ' POST', 'QUERY', 'POST\t', 'M-SEARCH', 'PRI'];
const VERSIONS = [
  '1.0',
  '0.9',
  '1.2',
  '2.0',
  '1',
  '1.10',
  '1.1 ',
  '1.1\t',
  '01.1',
  '1.1x',
  '1.1\r',
  '1.1\r\n x: y',
  '',
];
const PROTOCOLS = ['http/1.1', 'HTTPS/1.1', 'ICE/1.0', 'RTSP/1.1', ' HTTP/1.1', ''];
const STRANGE = [
  '*',
  '//',
  '//host/a',
  'http://h/a',
  'h:80',
  '',
  ' /',
  '/a b',
  '/a#b',
  '/#',
  '/a\tb',
  '/\xe9',
  '/\x7f',
];
const ODD = ['/?', '/%', '/%zz', '/{a}|b^`c"<d>\\', '/a?b?c', '/a?b#c', '/../a', '/a;b=c', `/${'a'.repeat(9000)}`];
const BEFORE = ['\r\n', '\n', '\r', ' ', '\0', '\r\n\r\n', '\xef\xbb\xbf', 'POST / HTTP/1.1\r\n'];

/** A head with other first lines, and with what may stand before it. */
export function lineMutants(head: string): readonly string[] {
  const rest = head.slice(head.indexOf('\r\n'));
  const lines = [
    ...METHODS.map((method) => `${method} / HTTP/1.1`),
    ...VERSIONS.map((version) => `POST / HTTP/${version}`),
    ...PROTOCOLS.map((protocol) => `POST / ${protocol}`),
    ...[...STRANGE, ...ODD].map((target) => `POST ${target} HTTP/1.1`),
    'POST /',
    '',
  ];
  return [...lines.map((line) => line + rest), ...BEFORE.map((text) => text + head)];
}

/** A head with ever more fields, which `node:http` refuses somewhere. */
export function longMutants(head: string): readonly string[] {
  return [10, 99, 100, 101, 499, 500, 998, 999, 1000, 1001, 1500, 1999, 2000, 2001, 2500].flatMap((count) => {
    const more = Array.from({ length: count }, (_, index) => `q${index.toString(36)}:`).join('\r\n');
    const [first = '', ...fields] = head.split('\r\n');
    return [
      [first, more, ...fields],
      [first, ...fields, more],
    ].map((lines) => lines.join('\r\n'));
  });
}

/** A whole request. */
export function requestOf(head: string): string {
  return head + HEAD_END + BODY;
}
