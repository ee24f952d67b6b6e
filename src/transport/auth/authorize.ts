import type { Upstream } from '../../config/snapshot.ts';
import type { UpstreamCall } from '../dispatch.ts';

/** Adds to calls what shows that they may be made; answers at once unless a token has to be fetched first. */
export type Authorizer = (call: UpstreamCall) => UpstreamCall | Promise<UpstreamCall>;

/** The way an upstream's credential is shown. */
export function authorizerFor(upstream: Upstream): Authorizer {
  const { auth, apiKey } = upstream;
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

function withHeader(name: string, value: string): Authorizer {
  return (call) => {
    call.headers[name] = value;
    return call;
  };
}
