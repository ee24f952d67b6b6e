import { Refusal } from './leaf.ts';

/** A base URL without a trailing slash, or why it is none. */
export function readBaseUrl(text: string): string | Refusal {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    return new Refusal('not an http or https URL', 'write it whole: `https://api.example.com/v1`');
  if (url.username !== '' || url.password !== '')
    return new Refusal('a credential inside of a URL', 'take it out, and put the key into `api_key`');
  if (url.search !== '' || url.hash !== '')
    return new Refusal('a base URL with a query or fragment', 'leave out what follows `?` or `#`');
  const endpoint = /\/(chat\/completions|completions|responses|audio\/speech|audio\/transcriptions)\/?$/.exec(
    url.pathname,
  );
  if (endpoint !== null)
    return new Refusal(
      `the URL of one endpoint, ${endpoint[0]}`,
      `end it before that: \`${text.slice(0, text.lastIndexOf(endpoint[0]))}\``,
    );
  return (url.origin + url.pathname).replace(/\/+$/, '');
}

/** A key as it goes into a header, undefined for one that is empty, or why it cannot go there. Its value is in no message. */
export function readApiKey(value: unknown): string | undefined | Refusal {
  if (value === undefined) return undefined;
  if (typeof value !== 'string') return new Refusal('the key is not text', 'put it in quotes');
  const key = value.trim();
  // RFC 9110 field values: what is outside of printable ASCII could split the header or is mangled on the way.
  if (!/^[\x21-\x7e]*$/.test(key))
    return new Refusal(
      'the key has a character that no HTTP header can carry',
      'copy the key again, without spaces or line breaks',
    );
  return key === '' ? undefined : key;
}

/** A port, or why it is none. */
export function readPort(value: unknown): number | Refusal {
  const port = typeof value === 'string' && /^\d{1,5}$/.test(value.trim()) ? Number(value) : value;
  if (typeof port === 'number' && Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  return new Refusal(`not a port: ${JSON.stringify(value)}`, 'write a number between 0 and 65535; 0 takes a free port');
}

/** Whether only programs on this machine reach a listener at this address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
