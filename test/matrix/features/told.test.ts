import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FEATURES, crossing } from '../../../src/protocols/fidelity.ts';
import type { Support } from '../../../src/protocols/fidelity.ts';
import { inParallel } from '../../support/pool.ts';
import { TEXT_DIALECTS } from '../../support/text-requests.ts';
import type { TextDialect } from '../../support/text-requests.ts';
import { TEXT_PROTOCOLS } from '../cells.ts';
import type { TextProtocol } from '../cells.ts';
import type { Asked } from './ask.ts';
import { DIALECTS_OF_TEXT, PROTOCOLS_OF_TEXT } from './declared.ts';
import { ASKS, Stage } from './stage.ts';
import type { Exchange } from './stage.ts';
import { READINGS, readAs, telling } from './readings.ts';
import type { Tales, Told } from './tell.ts';
import { CHAT_TALES } from './tell-chat.ts';
import { COMPLETIONS_TALES } from './tell-completions.ts';
import { CONVERSE_TALES } from './tell-converse.ts';
import { GEMINI_TALES } from './tell-gemini.ts';
import { MESSAGES_TALES } from './tell-messages.ts';
import { RESPONSES_TALES } from './tell-responses.ts';
import type { Body } from './values.ts';

const TALES: Readonly<Record<TextProtocol, Tales>> = {
  'openai-chat': CHAT_TALES,
  'openai-responses': RESPONSES_TALES,
  'openai-completions': COMPLETIONS_TALES,
  'anthropic-messages': MESSAGES_TALES,
  gemini: GEMINI_TALES,
  'bedrock-converse': CONVERSE_TALES,
};

// Seals have a test of their own: they count when they come back.
const TOLD = Object.entries(FEATURES).flatMap(([name, way]) =>
  way === 'told' && name !== 'seals' ? [name as Told] : [],
);

/** What is told to nobody who did not ask. */
const WISH: Readonly<Partial<Record<Told, Asked>>> = {
  'stop-echo': 'stop-sequences',
  'token-logprobs': 'logprobs',
  'several-choices': 'choices',
};

function wishFor(feature: Told, dialect: TextDialect, protocol: TextProtocol): Body {
  const wish = WISH[feature];
  if (wish === undefined) return {};
  const declared = crossing(wish, DIALECTS_OF_TEXT[dialect], PROTOCOLS_OF_TEXT[protocol], dialect === protocol);
  return typeof declared === 'object' && 'refused' in declared ? {} : (ASKS[dialect].asks[wish] ?? {});
}

/** What contradicts the declaration of a cell; undefined when it holds. */
function faultIn(declared: Support, feature: Told, dialect: TextDialect, exchange: Exchange): string | undefined {
  const { answer, record } = exchange;
  const body = answer.body.toString();
  if (answer.status !== 200) return `HTTP ${answer.status}: ${body}`;
  const read = readAs(dialect, answer);
  const found = READINGS[dialect].finds[feature](read);
  const lost = record.at('lost').number ?? 0;
  if (typeof declared === 'object' && 'lost' in declared) {
    if (found) return `declared lost and yet told: ${body}`;
    return lost > 0 ? undefined : `lost and not counted: ${body}`;
  }
  if (!found) return `not told: ${JSON.stringify(read.value)}`;
  // What is said in other words may lose a part, and says how much.
  return lost === 0 || declared !== 'exact' ? undefined : `told and yet ${lost} counted as lost: ${body}`;
}

describe('what an upstream tells', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.start();
  });

  afterAll(() => stage.close());

  const pairs = TEXT_PROTOCOLS.flatMap((protocol) => TEXT_DIALECTS.map((dialect) => [protocol, dialect] as const));

  test.each(pairs)(
    'MS-10 GM-05 from an upstream of %s to a client of %s is read as declared',
    async (protocol, dialect) => {
      const cells = TOLD.flatMap((feature) => [true, false].map((stream) => ({ feature, stream })));
      const faults = await inParallel(cells, 8, async ({ feature, stream }) => {
        const declared = crossing(
          feature,
          DIALECTS_OF_TEXT[dialect],
          PROTOCOLS_OF_TEXT[protocol],
          dialect === protocol,
        );
        const tales = TALES[protocol][feature];
        const silent = PROTOCOLS_OF_TEXT[protocol][feature] === 'absent';
        // An upstream without words for something tells it by nothing, and must say so.
        if (silent !== (tales === undefined)) return [`${feature}: absent or not, and yet told or not`];
        if (declared === 'absent') return [];
        const found: string[] = [];
        for (const tale of tales ?? []) {
          const wish = wishFor(feature, dialect, protocol);
          const exchange = await stage.exchange(dialect, protocol, stream, wish, telling(tale));
          const fault = faultIn(declared, feature, dialect, exchange);
          if (fault !== undefined)
            found.push(`${feature}, ${stream ? 'streamed' : 'whole'}, ${JSON.stringify(declared)}: ${fault}`);
        }
        return found;
      });
      expect(faults.flat()).toEqual([]);
    },
  );
});
