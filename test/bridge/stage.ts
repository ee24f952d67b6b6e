import { FakeUpstream } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import type { Gateway } from '../support/gateway.ts';
import { RawExchange } from '../support/raw-client.ts';
import { readChoiceStream, readWholeChoices } from '../support/read-chat.ts';
import type { Told } from '../support/told.ts';

/** Real packages of the three versions of the interface, by the provider that each is here. */
export const VERSIONS = { v2: 'openai-compatible-v2', v3: 'openai-compatible-v3', v4: '@ai-sdk/openai-compatible' };

/** A gateway that reaches one fake upstream through packages. */
export interface BridgeStage {
  readonly gateway: Gateway;
  readonly upstream: FakeUpstream;
  /** Sends a chat request to a model. */
  ask(model: string, stream: boolean, more?: Readonly<Record<string, unknown>>): RawExchange;
  /** What a chat client is told by a model. */
  told(model: string, stream: boolean, more?: Readonly<Record<string, unknown>>): Promise<Told>;
  close(): Promise<void>;
}

/** Starts a stage; `more` are lines of further providers in the file, given where the upstream is. */
export async function openBridge(more: (url: string) => readonly string[] = () => []): Promise<BridgeStage> {
  const upstream = await FakeUpstream.start();
  const rows = Object.entries(VERSIONS).map(
    ([name, sdk]) =>
      `${name}: { package: "${sdk}", base_url: "${upstream.url}/v1", api_key: upstream-secret, options: { includeUsage: true } }`,
  );
  const lines = [...rows, ...more(`${upstream.url}/v1`)].map((line) => `  ${line}\n`);
  const gateway = await startGateway(`providers:\n${lines.join('')}`);
  const close = async (): Promise<void> => {
    await gateway.close();
    await upstream.close();
  };
  const ask: BridgeStage['ask'] = (model, stream, fields = {}) => {
    const body = { model, stream, messages: [{ role: 'user', content: 'Hello' }], ...fields };
    const headers = { 'content-type': 'application/json' };
    return new RawExchange(gateway.url, { path: '/v1/chat/completions', headers, body: JSON.stringify(body) });
  };
  const told: BridgeStage['told'] = async (model, stream, fields = {}) => {
    const answer = await ask(model, stream, { ...fields, ...(stream && { stream_options: { include_usage: true } }) })
      .done;
    return stream ? readChoiceStream(answer, 'chat') : readWholeChoices(answer, 'chat');
  };
  return { gateway, upstream, ask, told, close };
}

const COMMON = { id: 'c-1', object: 'chat.completion.chunk', created: 1, model: 'm' };

/** One chunk of an upstream's stream. */
export function chunk(delta: object, finish: string | null = null): string {
  return `data: ${JSON.stringify({ ...COMMON, choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
}

const COUNTED = {
  prompt_tokens: 12,
  completion_tokens: 7,
  total_tokens: 19,
  prompt_tokens_details: { cached_tokens: 4 },
  completion_tokens_details: { reasoning_tokens: 3 },
};

/** The end of an upstream's stream: counters, marker. */
export const ENDING: string = `data: ${JSON.stringify({ ...COMMON, choices: [], usage: COUNTED })}\n\ndata: [DONE]\n\n`;
