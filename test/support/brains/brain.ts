import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { UpstreamReply } from '../fake-upstream.ts';
import { Peek } from '../peek.ts';

/** A request as a brain gets it. */
export interface Ask {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Peek;
}

/** What a request, found good, asks for: a call of the offered tool, or a text made from the tool's result. */
export interface Wish {
  readonly stream: boolean;
  /** Whether thoughts are to be told, and whether they are sealed. */
  readonly thinks: 'no' | 'sealed' | 'told';
  /** What came back from the tool; absent = the tool is to be called, or greeted if there is none. */
  readonly result?: string;
  readonly offers: boolean;
}

/** One turn of a brain, before it is put into a format. */
export interface Said {
  readonly number: number;
  readonly wish: Wish;
  /** The thoughts in pieces; none when they are not to be told. */
  readonly thoughts: readonly string[];
  /** The token that must come back as it is; undefined when nothing was thought. */
  readonly seal: string | undefined;
  readonly call: { readonly id: string; readonly name: string; readonly args: readonly string[] } | undefined;
  readonly text: readonly string[];
}

/** A brain's answer in bytes. */
export interface Written {
  readonly type: string;
  readonly body: string | Uint8Array;
}

/** What a brain has said, by everything that a later request may name it by. */
export interface Memory {
  readonly byCall: ReadonlyMap<string, Said>;
  readonly bySeal: ReadonlyMap<string, Said>;
}

/** One provider's format: what it demands of a request, and how it answers. */
export interface Mind {
  /** Ids of calls, in the provider's look. */
  callId(number: number): string;
  /** Throws {@link Refused} for what the real provider would refuse. */
  judge(ask: Ask, memory: Memory): Wish;
  write(said: Said, ask: Ask): Written;
  refusal(refused: Refused): { readonly headers: Readonly<Record<string, string>>; readonly body: string };
}

/** What a provider answers 400 for. */
export class Refused extends Error {
  /** What a program is to make of it. */
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(message: string, details?: Readonly<Record<string, unknown>>) {
    super(message);
    this.details = details;
  }
}

/** Refuses a request in words. */
export function refuse(message: string): never {
  throw new Refused(message);
}

/** The tool that brains call, its arguments in the pieces they are streamed in, and what clients answer with. */
export const TOOL = {
  name: 'get_weather',
  description: 'Tells the weather of a city.',
  args: ['{"city":', '"Zürich é', ' 日本 🦀"', '}'],
  city: 'Zürich é 日本 🦀',
  result: 'Sunny, 21 °C ☀️, "clear" – 晴れ',
} as const;

/** What a brain thinks. */
export const THOUGHTS = ['The user wants ', 'the weather – é 日本 🦀', '.\nI call the tool.'] as const;

/** What one turn costs, in counters that do not overlap. */
export const COST = { input: 60, cached: 20, output: 40, reasoning: 25, total: 145 } as const;

/** A stand-in for one provider: it reads requests as strictly as the provider does, and converses. */
export class Brain {
  /** Why requests were refused. */
  readonly refusals: string[] = [];
  readonly asks: Ask[] = [];
  readonly #mind: Mind;
  readonly #server: Server;
  readonly #byCall = new Map<string, Said>();
  readonly #bySeal = new Map<string, Said>();
  #count = 0;

  private constructor(mind: Mind) {
    this.#mind = mind;
    this.#server = createServer((request, response) => {
      void this.#answer(request, response);
    });
  }

  /** Listens on a free loopback port. */
  static async start(mind: Mind): Promise<Brain> {
    const brain = new Brain(mind);
    await new Promise<void>((resolve) => {
      brain.#server.listen(0, '127.0.0.1', resolve);
    });
    return brain;
  }

  /** `http://127.0.0.1:port`, without a path. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Forgets nothing of what it said, but what was asked and refused so far. */
  clear(): void {
    this.refusals.length = 0;
    this.asks.length = 0;
  }

  /** Stops, breaking whatever is still open. */
  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const reply = new UpstreamReply(response);
    try {
      const ask = await read(request);
      this.asks.push(ask);
      const said = this.#say(this.#mind.judge(ask, { byCall: this.#byCall, bySeal: this.#bySeal }));
      const { type, body } = this.#mind.write(said, ask);
      reply.head(200, { 'content-type': type });
      // Cuts that meet the middle of events and of characters.
      reply.cut(Buffer.from(body), said.wish.stream ? 61 : 4096);
      reply.end();
    } catch (error) {
      const refused = error instanceof Refused ? error : new Refused(`The brain is broken: ${String(error)}`);
      // One with details is part of the conversation: the client is to go on in another way.
      if (refused.details === undefined) this.refusals.push(refused.message);
      const { headers, body } = this.#mind.refusal(refused);
      reply.head(400, { 'content-type': 'application/json', ...headers });
      reply.end(body);
    }
  }

  #say(wish: Wish): Said {
    this.#count += 1;
    const number = this.#count;
    const calls = wish.result === undefined && wish.offers;
    const said: Said = {
      number,
      wish,
      thoughts: wish.thinks === 'told' ? THOUGHTS : [],
      seal: wish.thinks === 'no' ? undefined : sealOf(number),
      call: calls ? { id: this.#mind.callId(number), name: TOOL.name, args: TOOL.args } : undefined,
      text: calls ? [] : wish.result === undefined ? ['Hello.'] : ['The tool said: ', wish.result, ' 🌦'],
    };
    if (said.call !== undefined) this.#byCall.set(said.call.id, said);
    if (said.seal !== undefined) this.#bySeal.set(said.seal, said);
    return said;
  }
}

// As long as real ones are, with the letters that base64 has and URLs do not.
function sealOf(number: number): string {
  return Buffer.from(`sealed thought ${number} ${'ÿþ?>'.repeat(40)}`).toString('base64');
}

async function read(request: IncomingMessage): Promise<Ask> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const url = new URL(request.url ?? '/', 'http://brain');
  const text = Buffer.concat(pieces).toString();
  let body: Peek;
  try {
    body = Peek.parse(text);
  } catch {
    refuse('The body is not JSON.');
  }
  return { path: url.pathname, query: url.searchParams, headers: request.headers, body };
}
