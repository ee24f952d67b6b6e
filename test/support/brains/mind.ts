import type { IncomingHttpHeaders } from 'node:http';
import type { Peek } from '../peek.ts';

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
  /** What came back from the tools, in the order in which it stands; none = they are to be called. */
  readonly results: readonly string[];
  /** Names of the tools on offer. */
  readonly offers: readonly string[];
}

/** A call of a tool, its arguments in the pieces they are streamed in. */
export interface Call {
  readonly id: string;
  readonly name: string;
  readonly args: readonly string[];
}

/** One turn of a brain, before it is put into a format. */
export interface Said {
  readonly number: number;
  readonly wish: Wish;
  /** The thoughts in pieces; none when they are not to be told. */
  readonly thoughts: readonly string[];
  /** The token that must come back as it is; undefined when nothing was thought. */
  readonly seal: string | undefined;
  readonly calls: readonly Call[];
  readonly text: readonly string[];
}

/** A brain's answer in bytes. */
export interface Written {
  readonly type: string;
  readonly body: string | Uint8Array;
}

/** The call of that id. */
export function callOf(id: string, { byCall }: Memory): { readonly said: Said; readonly call: Call } {
  const said = byCall.get(id);
  const call = said?.calls.find((each) => each.id === id);
  return said === undefined || call === undefined ? refuse(`There was no call ${id}.`) : { said, call };
}

/**
 * Refuses a turn whose thought was left out, also where the request no longer asks for thoughts: the real provider would take it then, and think
 * anew, which is what the gateway is to spare its clients.
 */
export function demandSeal({ seal, number }: Said, given: readonly string[]): void {
  if (seal !== undefined && !given.includes(seal))
    refuse(`The thought that led to the calls of turn ${number} is lost.`);
}

/** What a brain has said, by everything that a later request may name it by. */
export interface Memory {
  readonly byCall: ReadonlyMap<string, Said>;
  readonly bySeal: ReadonlyMap<string, Said>;
}

/** One provider's format: what it demands of a request, and how it answers. */
export interface Mind {
  /** Ids of calls, in the provider's look. */
  callId(number: number, at: number): string;
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

/** The tools that brains call, all that are on offer at once. */
export const TOOLS = ['get_weather', 'get_time'] as const;

/** The first of them, the arguments of each in the pieces they are streamed in, and what clients answer with. */
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
