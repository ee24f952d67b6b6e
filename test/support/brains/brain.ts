import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { UpstreamReply } from '../fake-upstream.ts';
import { Peek } from '../peek.ts';
import { Refused, THOUGHTS, TOOL, TOOLS, refuse } from './mind.ts';
import type { Ask, Mind, Said, Wish } from './mind.ts';

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
    const called = wish.results.length === 0 ? TOOLS.filter((name) => wish.offers.includes(name)) : [];
    const said: Said = {
      number,
      wish,
      thoughts: wish.thinks === 'told' ? THOUGHTS : [],
      seal: wish.thinks === 'no' ? undefined : sealOf(number),
      calls: called.map((name, at) => ({ id: this.#mind.callId(number, at), name, args: TOOL.args })),
      text: called.length > 0 ? [] : ['The tool said: ', wish.results.join(' / '), ' 🌦'],
    };
    for (const { id } of said.calls) this.#byCall.set(id, said);
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
