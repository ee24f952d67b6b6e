import OpenAI from 'openai';
import { onTestFinished } from 'vitest';
import type { SocketTimes } from '../../src/server/websocket-watch.ts';
import { FakeUpstream, answering, streaming } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import type { Gateway } from '../support/gateway.ts';
import { Peek } from '../support/peek.ts';
import { WIRES } from '../support/upstream-bodies.ts';
import type { Saying } from '../support/upstream-bodies-other.ts';

/** The formats of the upstreams, each the prefix of its models. */
export type Kind = 'chat' | 'responses' | 'other';

/** A gateway, its upstreams and official clients of it. */
export interface Place {
  readonly gateway: Gateway;
  readonly upstream: FakeUpstream;
  readonly client: OpenAI;
  /** A client with another credential. */
  readonly client2: () => OpenAI;
  /** Says what a model answers from now on, however it is asked; returns its id. */
  readonly says: (kind: Kind, saying: Saying) => string;
  /** The bodies that came for a model, as JSON. */
  readonly asked: (kind: Kind) => readonly Peek[];
}

const PROTOCOLS = { chat: 'openai-chat', responses: 'openai-responses', other: 'openai-responses' } as const;

/** Starts all of it; it ends with the test. */
export async function openPlace(top = '', socketTimes: Partial<SocketTimes> = {}): Promise<Place> {
  const upstream = await FakeUpstream.start();
  const rows = Object.entries(PROTOCOLS).map(
    ([name, protocol]) => `  ${name}: { protocol: ${protocol}, base_url: "${upstream.url}/v1", api_key: secret }\n`,
  );
  const gateway = await startGateway(`${top}\nproviders:\n${rows.join('')}`, {}, socketTimes);
  onTestFinished(async () => {
    await upstream.close();
    await gateway.close();
  });
  const clientOf = (apiKey: string): OpenAI => new OpenAI({ apiKey, baseURL: `${gateway.url}/v1`, maxRetries: 0 });
  return {
    gateway,
    upstream,
    client: clientOf('ada'),
    client2: () => clientOf('bob'),
    says(kind, saying) {
      const wire = WIRES[PROTOCOLS[kind]];
      upstream.on(`${kind}-model`, (reply, received) => {
        const stream = Peek.parse(received.body.toString()).at('stream').value === true;
        const play = stream
          ? streaming(wire.stream(saying), 100)
          : answering(200, { 'content-type': 'application/json' }, wire.whole(saying));
        return play(reply, received);
      });
      return `${kind}/${kind}-model`;
    },
    asked: (kind) => upstream.for(`${kind}-model`).map(({ body }) => Peek.parse(body.toString())),
  };
}

/** What a rejected call of the official client was rejected with. */
export async function rejection(call: Promise<unknown>): Promise<{ status: number; code: string; param: string }> {
  try {
    await call;
  } catch (error) {
    if (error instanceof OpenAI.APIError)
      return { status: Number(error.status), code: String(error.code), param: String(error.param) };
    throw error;
  }
  throw new Error('it was not rejected');
}
