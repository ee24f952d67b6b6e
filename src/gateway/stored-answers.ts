import { scanJson } from '../framing/json-scan.ts';
import type { ScannedObject } from '../framing/json-scan.ts';
import { GatewayFailure, refuse } from '../model/errors.ts';
import type { JsonObject } from '../model/json.ts';
import type { Request } from '../model/request.ts';
import type { Memory, MemoryWish } from '../protocols/memory.ts';
import type { ResponseStore, StoredResponse } from '../store/responses.ts';
import { originOf } from './plan.ts';
import type { Plan } from './plan.ts';
import type { Call, Received } from './receive.ts';
import type { Sealer } from './sealer.ts';
import { itemsOf, ownerOf, pastTurn, pastTurns, storedFrom } from './stored-items.ts';
import type { Asked, NamedItem } from './stored-items.ts';

// Nested as deep as whatever came in, and a little more.
const DEEPEST = 10_000;

const NONE: ReadonlyMap<string, NamedItem> = new Map();

/** A JSON body as it was read. */
export interface ReadBody {
  readonly bytes: Uint8Array;
  readonly value: JsonObject;
  readonly scan: ScannedObject;
}

/** Answers that go on from one another, oldest first. */
export type Conversation = readonly StoredResponse[];

/** What one connection remembers by itself, stored or not. */
export interface Connection {
  /** A conversation whose last answer has this id. */
  find(id: string): Conversation | undefined;
  /** The conversation of its last answer; empty before the first. */
  readonly last: Conversation;
  remember(conversation: Conversation): void;
}

/** What the answers that are kept need from the process. */
export interface StoredDeps {
  /** Absent where nothing is kept. */
  readonly store: ResponseStore | undefined;
  readonly sealer: Sealer;
  /** Bytes that a request may come to with everything it refers to. */
  readonly limit: number;
  /** Where a request would go; undefined when it leads nowhere. */
  readonly plan: (request: Request, home: string | undefined) => Plan | undefined;
  /** Is given what could not be kept and why. */
  readonly faulted: (fault: unknown) => void;
}

/** Keeps answers for their callers, and puts them where later requests refer to them. */
export class StoredAnswers {
  readonly #deps: StoredDeps;

  constructor(deps: StoredDeps) {
    this.#deps = deps;
  }

  /** The store; undefined where nothing is kept. */
  get store(): ResponseStore | undefined {
    return this.#deps.store;
  }

  /**
   * Understands a call's body, with what it refers to in place; at once where a body refers to nothing.
   * @param connection what the connection remembers, where it is one that lasts
   * @throws GatewayFailure for what is wrong with the body, or not to be found
   */
  receive(call: Call, body: ReadBody, connection?: Connection): Received | Promise<Received> {
    const { dialect, place } = call;
    const { memory } = dialect;
    const wish = memory?.wish(body.value);
    if (memory === undefined || wish === undefined)
      return { ...call, ...understood(body, dialect.decodeRequest(body.value, place)) };
    const { previous, references, sealed, bound } = wish;
    if (previous !== undefined || references.length > 0 || sealed)
      return this.#recalling(call, body, memory, wish, connection);
    const keep = this.#keeper({ call, body: body.value, memory, previous, named: NONE }, wish, [], connection);
    const request = dialect.decodeRequest(body.value, place);
    if (bound !== undefined) this.#demandMaker(call, memory, bound, request);
    return { ...call, ...understood(body, request), ...keep };
  }

  async #recalling(
    call: Call,
    body: ReadBody,
    memory: Memory,
    wish: MemoryWish,
    connection: Connection | undefined,
  ): Promise<Received> {
    const { dialect, place } = call;
    const past = await this.#past(call, wish, connection);
    const named = await this.#named(call, memory, wish, connection);
    const asked = { call, body: body.value, memory, previous: wish.previous, named };
    const keep = this.#keeper(asked, wish, past, connection);
    const open = (sealed: string): string | undefined => this.#deps.sealer.open(sealed);
    const fill = (origin?: string): ReadBody => {
      const turns = [...named].map(([id, { item, from }]) => [id, pastTurn([item], from, origin)] as const);
      const recalled = { past: pastTurns(memory, past, origin), named: new Map(turns), open };
      return this.#read(memory.filled(body.value, recalled));
    };
    // Who is asked decides what of the past it may see; as a rule that is who answered before.
    const first = fill();
    const request = dialect.decodeRequest(first.value, place);
    if (wish.bound !== undefined) this.#demandMaker(call, memory, wish.bound, request);
    const plan = this.#deps.plan(request, call.home);
    const origin = plan && originOf(plan);
    const sources = [...past, ...[...named.values()].map(({ from }) => from)];
    if (sources.every((each) => each.origin === origin))
      return { ...call, ...understood(first, request), body: body.value, ...keep };
    const second = fill(origin ?? '');
    return { ...call, ...understood(second, dialect.decodeRequest(second.value, place)), body: body.value, ...keep };
  }

  #demandMaker({ dialect, home }: Call, memory: Memory, bound: string, request: Request): void {
    const plan = this.#deps.plan(request, home);
    if (plan !== undefined && (plan.to !== 'upstream' || plan.protocol !== dialect.id)) memory.refuseSealed(bound);
  }

  async #past(call: Call, { previous }: MemoryWish, connection: Connection | undefined): Promise<Conversation> {
    if (previous === undefined) return [];
    const remembered = connection?.find(previous);
    if (remembered !== undefined) return remembered;
    const chain = (await this.#deps.store?.chain(ownerOf(call), previous)) ?? [];
    // A conversation whose beginning is gone is not this conversation any more.
    const missing = chain.length === 0 ? previous : chain[0]?.previous;
    if (missing !== undefined)
      refuse(
        'previous_response_id',
        `Previous response with id '${missing}' not found.`,
        'previous_response_not_found',
      );
    return chain;
  }

  async #named(
    call: Call,
    memory: Memory,
    { references }: MemoryWish,
    connection: Connection | undefined,
  ): Promise<ReadonlyMap<string, NamedItem>> {
    const found = new Map<string, NamedItem>();
    const itemIn = (from: StoredResponse | undefined, id: string): NamedItem | undefined => {
      const item = from && itemsOf(memory, from).find((each) => each['id'] === id);
      return from && item && { item, from };
    };
    for (const { id, param } of references) {
      if (found.has(id)) continue;
      const remembered = connection?.last.map((from) => itemIn(from, id)).find((each) => each !== undefined);
      const named = remembered ?? itemIn(await this.#deps.store?.holding(ownerOf(call), id), id);
      found.set(id, named ?? refuse(param, `Item with id '${id}' not found.`, 'item_not_found'));
    }
    return found;
  }

  // What was put into place is text again: whoever is asked in the client's own format gets it as bytes.
  #read(value: JsonObject): ReadBody {
    const bytes = Buffer.from(JSON.stringify(value));
    if (bytes.length > this.#deps.limit)
      throw new GatewayFailure({
        kind: 'invalid_request',
        code: 'context_length_exceeded',
        param: 'previous_response_id',
        message: `The conversation has grown to ${bytes.length} bytes; ${this.#deps.limit} are taken (limits.body).`,
      });
    const scan = scanJson(bytes, { depth: DEEPEST, tokens: Infinity });
    if (scan.problem !== undefined) throw new Error(`what was written as JSON is none: ${scan.problem}`);
    return { bytes, value, scan };
  }

  #keeper(
    asked: Asked,
    wish: MemoryWish,
    past: Conversation,
    connection: Connection | undefined,
  ): Pick<Received, 'keep'> {
    const { store, faulted } = this.#deps;
    const stores = wish.keep && store !== undefined;
    if (!stores && connection === undefined) return {};
    return {
      keep: (kept, origin) => {
        const { response, ids } = storedFrom(asked, kept, origin);
        if (stores) store.put(response, ids).catch(faulted);
        connection?.remember([...past, response]);
      },
    };
  }
}

function understood(
  { bytes, value, scan }: ReadBody,
  request: Request,
): Pick<Received, 'request' | 'body' | 'payload'> {
  return { request, body: value, payload: { kind: 'json', bytes, scan } };
}
