import { readFileSync } from 'node:fs';
import { asObject, asString, parseJson } from '../model/json.ts';
import type { JsonObject } from '../model/json.ts';
import type { AuthScheme, Provider, SettingValues } from '../providers/provider.ts';
import { MACHINE_TOKEN, TOKEN_URL } from '../providers/tokens.ts';
import type { Environment } from './environment.ts';
import { Refusal } from './leaf.ts';
import type { ProviderEntry } from './provider-entry.ts';
import type { AccessKey, TokenSource, Upstream } from './snapshot.ts';
import type { Remark } from './upstreams.ts';
import { readApiKey } from './values.ts';

/** What shows that a call may be made; one of its parts at most. */
export type Credential = Pick<Upstream, 'apiKey' | 'accessKey' | 'tokenSource'>;

/** What a credential is looked for with. */
export interface CredentialQuestion {
  readonly auth: AuthScheme;
  readonly row: Provider | undefined;
  readonly entry: ProviderEntry;
  readonly values: SettingValues;
  readonly environment: Environment;
  /** The base URL is that of the row or the environment. */
  readonly atHome: boolean;
  readonly problem: Remark;
  readonly warning: Remark;
}

/** The credential of an upstream: what the file says, else what the environment has for the row. */
export function credentialOf(question: CredentialQuestion): Credential {
  const { auth, row, entry, environment, atHome, problem } = question;
  if (auth === 'none') return {};
  if (entry.apiKey !== undefined) return { apiKey: entry.apiKey };
  if (auth === 'sigv4' && entry.accessKey.id !== undefined) return accessKeyOf(entry.accessKey, question);
  if (auth === 'service-account' && entry.credentials !== undefined)
    return tokenSourceOf(entry.credentials, environment, (refusal) =>
      problem('credentials', refusal.message, refusal.mend),
    );
  if (row === undefined) return {};
  const found = firstSet(row.keyVariables, environment) ?? partsOf(row, auth, environment);
  // The environment's credential belongs to the catalog's host; it goes to another one only when the file says so in words.
  if (!atHome) {
    if (found !== undefined) strangerWarning(found, row, question.warning);
    return {};
  }
  const apiKey = environmentKey(row, environment);
  if (apiKey !== undefined) return { apiKey };
  if (auth === 'sigv4' && row.accessKey !== undefined)
    return accessKeyOf(environmentAccessKey(row, environment), question);
  if (auth !== 'service-account') return {};
  const path = firstSet(row.credentialVariables, environment);
  if (path === undefined) return { tokenSource: machineSource(environment) };
  return tokenSourceOf(environment.get(path) ?? '', environment, (refusal) =>
    environment.note(path, refusal.message, refusal.mend),
  );
}

/** Whether the environment has a credential for a row. */
export function hasCredential(row: Provider, environment: Environment): boolean {
  return firstSet(row.keyVariables, environment) !== undefined || partsOf(row, row.auth, environment) !== undefined;
}

/** The first of some variables that is set. */
export function firstSet(variables: readonly string[], environment: Environment): string | undefined {
  return variables.find((variable) => environment.get(variable) !== undefined);
}

function partsOf(row: Provider, auth: AuthScheme, environment: Environment): string | undefined {
  if (auth === 'service-account') return firstSet(row.credentialVariables, environment);
  if (row.accessKey === undefined || environment.get(row.accessKey.secret) === undefined) return undefined;
  return firstSet([row.accessKey.id], environment);
}

function strangerWarning(variable: string, row: Provider, warning: Remark): void {
  const said = row.keyVariables.includes(variable)
    ? `write \`api_key: \${${variable}}\` if it should be`
    : 'write the credential into the file as well if it should be';
  warning('base_url', `${variable} is not sent to a base_url of your own`, said);
}

function environmentKey(row: Provider, environment: Environment): string | undefined {
  const variable = firstSet(row.keyVariables, environment);
  if (variable === undefined) return undefined;
  const key = readApiKey(environment.get(variable));
  if (!(key instanceof Refusal)) return key;
  environment.note(variable, key.message, key.mend);
  return undefined;
}

function environmentAccessKey(row: Provider, environment: Environment): ProviderEntry['accessKey'] {
  const names = row.accessKey;
  if (names === undefined) return {};
  const [id, secret, session] = [names.id, names.secret, names.session].map((name) => environment.get(name));
  return {
    ...(id !== undefined && { id }),
    ...(secret !== undefined && { secret }),
    ...(session !== undefined && { session }),
  };
}

function accessKeyOf(parts: ProviderEntry['accessKey'], { values, problem }: CredentialQuestion): Credential {
  const { id, secret, session } = parts;
  if (id === undefined || secret === undefined) {
    if (id !== undefined)
      problem('access_key_id', 'half a key that signs', 'write `secret_access_key: ${…}` beside it');
    return {};
  }
  if (values.region === undefined) {
    problem(undefined, 'a key that signs needs a region', 'write `region:`');
    return {};
  }
  const accessKey: AccessKey = { id, secret, region: values.region, ...(session !== undefined && { session }) };
  return { accessKey };
}

function machineSource(environment: Environment): TokenSource {
  const host = environment.get(MACHINE_TOKEN.variable) ?? MACHINE_TOKEN.host;
  return { kind: 'machine', tokenUrl: `http://${host}${MACHINE_TOKEN.path}` };
}

// No message quotes the content: it is a secret.
function tokenSourceOf(text: string, environment: Environment, refused: (refusal: Refusal) => void): Credential {
  if (text === 'machine') return { tokenSource: machineSource(environment) };
  const content = text.startsWith('{') ? text : fileContent(text);
  const source = content instanceof Refusal ? content : sourceIn(content);
  if (!(source instanceof Refusal)) return { tokenSource: source };
  refused(source);
  return {};
}

function fileContent(path: string): string | Refusal {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return new Refusal(`cannot read ${path}`, 'name a JSON file that this user may read, or write its content');
  }
}

function sourceIn(content: string): TokenSource | Refusal {
  const wrong = new Refusal(
    'not a credential that tokens can be fetched with',
    'use the JSON key of a service account, or what a login on the command line has left',
  );
  const fields = objectIn(content);
  if (fields === undefined) return wrong;
  const text = (key: string): string => asString(fields[key]) ?? '';
  const tokenUrl = text('token_uri') === '' ? TOKEN_URL : text('token_uri');
  if (text('private_key') !== '' && text('client_email') !== '')
    return {
      kind: 'account',
      email: text('client_email'),
      privateKey: text('private_key'),
      ...(text('private_key_id') !== '' && { keyId: text('private_key_id') }),
      tokenUrl,
    };
  if (text('refresh_token') !== '' && text('client_id') !== '')
    return {
      kind: 'grant',
      clientId: text('client_id'),
      clientSecret: text('client_secret'),
      refreshToken: text('refresh_token'),
      tokenUrl,
    };
  return wrong;
}

function objectIn(content: string): JsonObject | undefined {
  try {
    return asObject(parseJson(content));
  } catch {
    return undefined;
  }
}
