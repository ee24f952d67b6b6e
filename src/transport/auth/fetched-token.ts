import { createPrivateKey, sign } from 'node:crypto';
import { Agent, request } from 'undici';
import type { TokenSource } from '../../config/snapshot.ts';
import { GatewayFailure } from '../../model/errors.ts';
import { asNumber, asObject, asString, parseJson } from '../../model/json.ts';
import { MACHINE_TOKEN, TOKEN_SCOPE } from '../../providers/tokens.ts';

// Times in milliseconds since 1970.
interface Token {
  readonly value: string;
  /** From then on a new one is fetched while this one is still used. */
  readonly renewAt: number;
  readonly until: number;
}

/** The clock, and how long an endpoint is waited for; tests have their own. */
export interface TokenTimes {
  readonly now: () => number;
  readonly wait: number;
}

const TIMES: TokenTimes = { now: () => Date.now(), wait: 10_000 };
// A token is replaced this long before its end, or in the middle of a short life; an endpoint that fails is left alone for a moment.
const EARLY_MS = 240_000;
const PAUSE_MS = 10_000;
const ASSERTION_S = 3600;
const LIMIT = 64 * 1024;

/**
 * Fetches tokens and keeps each until shortly before its end. Callers that come while one is fetched wait for that one; while the old one
 * still holds, nobody waits.
 */
export class FetchedToken {
  readonly #source: TokenSource;
  readonly #times: TokenTimes;
  #agent: Agent | undefined;
  #token: Token | undefined;
  #coming: Promise<Token> | undefined;
  #failedAt = -Infinity;

  constructor(source: TokenSource, times: TokenTimes = TIMES) {
    this.#source = source;
    this.#times = times;
  }

  /** A token that holds, at once or when it has come; rejects with `upstream_auth` when none is to be had. */
  get(): string | Promise<string> {
    const now = this.#times.now();
    const token = this.#token;
    if (token === undefined || now >= token.until) return this.#fetched().then(({ value }) => value);
    if (now >= token.renewAt && now >= this.#failedAt + PAUSE_MS)
      this.#fetched().catch(() => {
        this.#failedAt = this.#times.now();
      });
    return token.value;
  }

  #fetched(): Promise<Token> {
    this.#coming ??= this.#fetch().finally(() => {
      this.#coming = undefined;
    });
    return this.#coming;
  }

  async #fetch(): Promise<Token> {
    const asked = this.#times.now();
    const { statusCode, text } = await this.#ask(asked).catch((error: unknown) => {
      throw error instanceof GatewayFailure
        ? error
        : noToken(`its endpoint did not answer (${codeOf(error)})`, 'unreachable');
    });
    // No body is quoted: it may say more of the account than a client should know.
    if (statusCode !== 200)
      throw noToken(
        `its endpoint answered with HTTP ${statusCode}`,
        isTransient(statusCode) ? 'unreachable' : 'upstream_auth',
      );
    const fields = objectIn(text);
    const value = asString(fields?.['access_token']);
    if (value === undefined || !/^[\x21-\x7e]+$/.test(value)) throw noToken('its endpoint gave none');
    const life = Math.max(asNumber(fields?.['expires_in']) ?? 0, 0) * 1000;
    this.#token = { value, renewAt: asked + life - Math.min(EARLY_MS, life / 2), until: asked + life };
    return this.#token;
  }

  async #ask(now: number): Promise<{ readonly statusCode: number; readonly text: string }> {
    const { tokenUrl } = this.#source;
    const body = formOf(this.#source, now);
    this.#agent ??= new Agent({ connect: { timeout: this.#times.wait }, keepAliveTimeout: 1000 });
    const answer = await request(tokenUrl, {
      dispatcher: this.#agent,
      method: body === undefined ? 'GET' : 'POST',
      headers: body === undefined ? MACHINE_TOKEN.headers : { 'content-type': 'application/x-www-form-urlencoded' },
      ...(body !== undefined && { body }),
      signal: AbortSignal.timeout(this.#times.wait),
    });
    const pieces: Buffer[] = [];
    let bytes = 0;
    for await (const piece of answer.body as AsyncIterable<Buffer>) {
      bytes += piece.length;
      if (bytes > LIMIT) throw new Error('too long');
      pieces.push(piece);
    }
    return { statusCode: answer.statusCode, text: Buffer.concat(pieces).toString('utf8') };
  }
}

// What is posted; a machine is known by where it asks from.
function formOf(source: TokenSource, now: number): string | undefined {
  switch (source.kind) {
    case 'account':
      return form({
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        assertion: assertion(source, Math.floor(now / 1000)),
      });
    case 'grant':
      return form({
        grant_type: 'refresh_token',
        client_id: source.clientId,
        client_secret: source.clientSecret,
        refresh_token: source.refreshToken,
      });
    case 'machine':
      return undefined;
    default:
      return source satisfies never;
  }
}

function form(fields: Readonly<Record<string, string>>): string {
  return new URLSearchParams(fields).toString();
}

// RFC 7515 and 7523: two JSON texts and a signature over both.
function assertion(source: Extract<TokenSource, { kind: 'account' }>, seconds: number): string {
  const head = { alg: 'RS256', typ: 'JWT', ...(source.keyId !== undefined && { kid: source.keyId }) };
  const claims = {
    iss: source.email,
    scope: TOKEN_SCOPE,
    aud: source.tokenUrl,
    iat: seconds,
    exp: seconds + ASSERTION_S,
  };
  const signed = [head, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${signed}.${signatureOf(signed, source.privateKey)}`;
}

function signatureOf(text: string, pem: string): string {
  try {
    return sign('RSA-SHA256', Buffer.from(text), createPrivateKey(pem)).toString('base64url');
  } catch {
    throw noToken('the private key is none');
  }
}

function isTransient(status: number): boolean {
  return status === 429 || status >= 500;
}

function noToken(why: string, kind: 'upstream_auth' | 'unreachable' = 'upstream_auth'): GatewayFailure {
  return new GatewayFailure({ kind, message: `No token could be fetched for this provider: ${why}.` });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'no answer';
}

function objectIn(text: string): ReturnType<typeof asObject> {
  try {
    return asObject(parseJson(text));
  } catch {
    return undefined;
  }
}
