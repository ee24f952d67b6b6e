import type { FakeUpstream } from '../support/fake-upstream.ts';
import { replaying } from '../support/fake-upstream.ts';
import { inParallel } from '../support/pool.ts';
import { answersOf } from '../support/recordings.ts';
import type { Recording } from '../support/recordings.ts';
import { askPlainly, TEXT_CLIENTS } from '../support/text-requests.ts';
import type { TextDialect } from '../support/text-requests.ts';
import type { Told } from '../support/told.ts';
import { EXCEPTIONS, exceptionFor } from './exceptions.ts';
import { factsOf } from './facts.ts';
import type { Facts } from './facts.ts';
import { faultsOf } from './judge.ts';

/** Bytes per network chunk of the upstream's answer. */
export const CHUNK_SIZES: readonly number[] = [1, 7, 64, 4096];

/** The text formats that upstreams speak. */
export type TextProtocol = TextDialect | 'bedrock-converse';

/** All of them. */
export const TEXT_PROTOCOLS: readonly TextProtocol[] = [
  'openai-responses',
  'openai-chat',
  'anthropic-messages',
  'gemini',
  'bedrock-converse',
  'openai-completions',
];

/** The provider names the gateway under test knows the protocols by. */
export const PROVIDER: Readonly<Record<TextProtocol, string>> = {
  'openai-chat': 'chat',
  'openai-responses': 'resp',
  'openai-completions': 'comp',
  'anthropic-messages': 'mess',
  gemini: 'gem',
  'bedrock-converse': 'conv',
};

/** One exchange: a recording, cut in a way, asked for in a way. */
interface Cell {
  readonly recording: Recording;
  readonly size: number;
  readonly stream: boolean;
}

/** How many exchanges of a protocol and dialect told everything, and what was wrong with the others. */
export interface Outcome {
  readonly passed: number;
  readonly total: number;
  readonly faults: readonly string[];
}

// Claude in its own format, at a host that wraps each event in one of its own.
const WRAPPED = `  wrap:\n    protocol: anthropic-messages\n    hosting: bedrock\n    auth: none\n    base_url: `;

/** Configuration of a gateway whose upstreams are one fake that speaks all text protocols. */
export function matrixConfig(upstream: FakeUpstream): string {
  const rows = Object.entries(PROVIDER).map(
    ([protocol, name]) => `  ${name}:\n    protocol: ${protocol}\n    auth: none\n    base_url: ${upstream.url}/v1\n`,
  );
  return `providers:\n${WRAPPED}${upstream.url}/v1\n${rows.join('')}`;
}

/** Sends every recording of a protocol through one dialect: streamed and whole, at every chunk size. */
export async function runMatrix(
  gateway: string,
  upstream: FakeUpstream,
  protocol: TextProtocol,
  dialect: TextDialect,
): Promise<Outcome> {
  const cells = playable(protocol).flatMap((recording) =>
    CHUNK_SIZES.flatMap((size) => [true, false].map((stream) => ({ recording, size, stream }))),
  );
  const faults = await inParallel(cells, 16, async (cell) => {
    const found = await runCell(gateway, upstream, protocol, dialect, cell);
    const { recording, size, stream } = cell;
    return found.map((fault) => `${recording.file} at ${size}, ${stream ? 'streamed' : 'whole'}: ${fault}`);
  });
  const failed = faults.filter((list) => list.length > 0);
  return { passed: cells.length - failed.length, total: cells.length, faults: failed.flat() };
}

async function runCell(
  gateway: string,
  upstream: FakeUpstream,
  protocol: TextProtocol,
  dialect: TextDialect,
  cell: Cell,
): Promise<readonly string[]> {
  const { recording, size, stream } = cell;
  const model = `${recording.file}#${size}`;
  upstream.on(model, replaying(recording, size));
  // One size goes without asking for token counts, so that CC-07 meets every recording too.
  const asksUsage = size !== 64;
  const client = TEXT_CLIENTS[dialect];
  const provider = recording.wire.includes('#invoke') ? 'wrap' : PROVIDER[protocol];
  const answer = await askPlainly(gateway, dialect, `${provider}/${model}`, { stream, usage: asksUsage });
  let told: Told;
  try {
    told = client.read(answer, stream);
  } catch (error) {
    return [`unreadable (HTTP ${answer.status}): ${String(error)}`];
  }
  const exception = exceptionFor(recording.file, dialect, stream);
  if (exception?.expect === 'error') return errorFaults(told);
  const facts: Facts = { ...factsOf(recording), ...exception?.expect };
  const wantsUsage = asksUsage || !stream || (!dialect.endsWith('completions') && dialect !== 'openai-chat');
  return faultsOf(told, facts, { dialect, sameFormat: protocol === dialect, wantsUsage });
}

/**
 * The recorded answers of a format that a gateway can come to read. Models of one host have formats of their own, of which only Claude's is spoken
 * by anyone else.
 */
export function playable(protocol: TextProtocol): readonly Recording[] {
  return answersOf(protocol).filter(
    ({ wire, features }) =>
      wire === protocol || (wire.startsWith('bedrock-converse#') && features.includes('inner:anthropic')),
  );
}

/** What keeps an answer from being a clear error: it ended normally, named none, or broke a rule of its dialect. */
export function errorFaults(told: Told): readonly string[] {
  const faults = [...told.broken];
  if (told.normalEnd) faults.push('ended normally instead of with an error');
  if (told.error === undefined || told.error === '') faults.push('told of no error');
  return faults;
}

/** The rows of the fidelity table and the exceptions of one protocol. */
export function fidelityLines(protocol: TextProtocol, outcomes: ReadonlyMap<TextDialect, Outcome>): readonly string[] {
  const streamed = playable(protocol).filter((recording) => recording.streaming).length;
  const whole = playable(protocol).length - streamed;
  const cells = [...outcomes.values()].map(({ passed, total }) => `${passed}/${total}`);
  const exceptions = Object.entries(EXCEPTIONS).filter(([file]) => file.startsWith(`${protocol}/`));
  return [
    `| recordings | ${[...outcomes.keys()].map((dialect) => `\`${TEXT_CLIENTS[dialect].path}\``).join(' | ')} |`,
    `| --- | ${cells.map(() => '---').join(' | ')} |`,
    `| ${streamed} streamed, ${whole} whole | ${cells.join(' | ')} |`,
    '',
    ...(exceptions.length === 0
      ? ['No exceptions.']
      : ['Exceptions, where something other than the index is expected:', '']),
    ...exceptions.map(([file, { only, onlyStreams, instead, why }]) => {
      const where = only === undefined ? '' : ` to clients of \`${only}\`${onlyStreams === true ? ', streamed' : ''}`;
      return `- \`${file.slice(protocol.length + 1)}\`${where}: ${instead}: ${why}.`;
    }),
  ];
}
