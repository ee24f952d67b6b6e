import { expect, onTestFinished } from 'vitest';
import { FakeUpstream } from '../support/fake-upstream.ts';
import type { Play, Received } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import type { Gateway } from '../support/gateway.ts';
import { Peek } from '../support/peek.ts';
import { postJson } from '../support/raw-client.ts';
import type { RawAnswer } from '../support/raw-client.ts';
import { TEXT_CLIENTS } from '../support/text-requests.ts';
import type { TextDialect } from '../support/text-requests.ts';
import { until } from './stage.ts';

/** The id of the key that signs. */
export const ID = 'AKIDEXAMPLE';
/** Its secret, which nobody may see. */
export const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
/** The model that the upstream plays. */
export const MODEL = 'eu.anthropic.claude-sonnet-4-5-20250929-v1:0';

/** A gateway before one upstream that plays Bedrock; both end with the test. */
export interface CloudStage {
  readonly gateway: Gateway;
  readonly upstream: FakeUpstream;
  readonly ask: (
    dialect: TextDialect,
    provider: string,
    stream?: boolean,
    more?: Readonly<Record<string, unknown>>,
  ) => Promise<RawAnswer>;
  /** The one request that came. */
  readonly asked: () => Received;
  readonly record: () => Promise<Peek>;
}

/** Opens a stage whose providers differ in format and credential. */
export async function openCloud(play: Play): Promise<CloudStage> {
  const upstream = await FakeUpstream.start();
  upstream.on(MODEL, play);
  const provider = (name: string, ...lines: readonly string[]): string =>
    `  ${name}:\n${[`base_url: ${upstream.url}`, 'hosting: bedrock', ...lines].map((line) => `    ${line}\n`).join('')}`;
  const signing = ['auth: sigv4', 'region: eu-west-1', `access_key_id: ${ID}`, `secret_access_key: ${SECRET}`];
  const gateway = await startGateway(
    [
      'providers:\n',
      provider('signed', 'protocol: bedrock-converse', ...signing),
      provider('session', 'protocol: bedrock-converse', ...signing, 'session_token: a-session'),
      provider('bearer', 'protocol: bedrock-converse', 'api_key: bedrock-api-key-4711'),
      provider('claude', 'protocol: anthropic-messages', ...signing),
    ].join(''),
  );
  onTestFinished(async () => {
    await upstream.close();
    await gateway.close();
  });
  return {
    gateway,
    upstream,
    ask: (dialect, name, stream = true, more = {}) => {
      const client = TEXT_CLIENTS[dialect];
      const model = `${name}/${MODEL}`;
      const request = { ...client.request(model, stream, true), ...more };
      return postJson(gateway.url, client.target?.(model, stream) ?? client.path, request);
    },
    asked: () => {
      expect(upstream.received).toHaveLength(1);
      return upstream.received[0] as Received;
    },
    record: async () => {
      await until(() => gateway.log.length > 0, 'a line in the access log');
      return Peek.parse(gateway.log[0] ?? '');
    },
  };
}
