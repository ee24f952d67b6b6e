import type { Upstream } from '../../config/snapshot.ts';
import type { UpstreamCall } from '../dispatch.ts';
import { SIGNED_SERVICE } from '../../providers/signing.ts';
import { FetchedToken } from './fetched-token.ts';
import { signerFor } from './signed.ts';

/** Adds to calls what shows that they may be made; answers at once unless a token has to be fetched first. */
export type Authorizer = (call: UpstreamCall) => UpstreamCall | Promise<UpstreamCall>;

/** The way an upstream's credential is shown. */
export function authorizerFor(upstream: Upstream): Authorizer {
  const { auth, apiKey, tokenSource, accessKey, baseUrl } = upstream;
  if (tokenSource !== undefined) return withToken(new FetchedToken(tokenSource));
  if (accessKey !== undefined) return signerFor({ accessKey, service: SIGNED_SERVICE, baseUrl });
  if (apiKey === undefined || auth === 'none') return (call) => call;
  switch (auth) {
    case 'bearer':
      return withHeader('authorization', `Bearer ${apiKey}`);
    case 'x-api-key':
    case 'x-goog-api-key':
    case 'api-key':
      return withHeader(auth, apiKey);
    case 'sigv4':
    case 'service-account':
      return withHeader('authorization', `Bearer ${apiKey}`);
    default:
      return auth satisfies never;
  }
}

function withToken(token: FetchedToken): Authorizer {
  return (call) => {
    const value = token.get();
    if (typeof value !== 'string')
      return value.then((fetched) => withHeader('authorization', `Bearer ${fetched}`)(call));
    call.headers['authorization'] = `Bearer ${value}`;
    return call;
  };
}

function withHeader(name: string, value: string): Authorizer {
  return (call) => {
    call.headers[name] = value;
    return call;
  };
}
