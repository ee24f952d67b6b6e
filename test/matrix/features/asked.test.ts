import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FEATURES, crossing } from '../../../src/protocols/fidelity.ts';
import type { Fidelity, Support } from '../../../src/protocols/fidelity.ts';
import { DIALECTS_OF_TEXT, PROTOCOLS_OF_TEXT } from './declared.ts';
import { Peek } from '../../support/peek.ts';
import { inParallel } from '../../support/pool.ts';
import { TEXT_DIALECTS } from '../../support/text-requests.ts';
import type { TextDialect } from '../../support/text-requests.ts';
import { TEXT_PROTOCOLS } from '../cells.ts';
import type { TextProtocol } from '../cells.ts';
import type { Asked } from './ask.ts';
import { COMPLETIONS_HEARD } from './heard.ts';
import type { Heard } from './heard.ts';
import { CHAT_HEARD } from './heard-chat.ts';
import { CONVERSE_HEARD } from './heard-converse.ts';
import { GEMINI_HEARD } from './heard-gemini.ts';
import { MESSAGES_HEARD } from './heard-messages.ts';
import { RESPONSES_HEARD } from './heard-responses.ts';
import { ASKS, REFUSING, Stage } from './stage.ts';
import type { Exchange } from './stage.ts';

const HEARD: Readonly<Record<TextProtocol, Heard>> = {
  'openai-chat': CHAT_HEARD,
  'openai-responses': RESPONSES_HEARD,
  'openai-completions': COMPLETIONS_HEARD,
  'anthropic-messages': MESSAGES_HEARD,
  gemini: GEMINI_HEARD,
  'bedrock-converse': CONVERSE_HEARD,
};

const ASKED = Object.entries(FEATURES).flatMap(([name, way]) => (way === 'asked' ? [name as Asked] : []));

/** What contradicts the declaration of a cell; undefined when it holds. */
function faultIn(declared: Support, feature: Asked, protocol: TextProtocol, exchange: Exchange): string | undefined {
  const { answer, received, record } = exchange;
  if (typeof declared === 'object' && 'refused' in declared) {
    const code = JSON.stringify(Peek.parse(answer.body.toString()).value);
    const refused = received === undefined && answer.status === 400 && namesCode(code, declared.refused);
    return refused ? undefined : `not refused with ${declared.refused}: ${answer.status} ${code}`;
  }
  if (received === undefined) return `nothing arrived: ${answer.status} ${answer.body.toString()}`;
  const body = received.body.toString();
  const heard = HEARD[protocol][feature](Peek.parse(body));
  const lost = record.at('lost').number ?? 0;
  if (typeof declared === 'object' && 'lost' in declared) {
    if (heard) return `declared lost and yet arrived: ${body}`;
    return lost > 0 ? undefined : 'lost and not counted';
  }
  if (!heard) return `did not arrive: ${body}`;
  return lost === 0 ? undefined : `arrived and yet counted as lost: ${String(answer.headers['streamweir-dropped'])}`;
}

// Not every dialect has a place for codes in its errors; there the status and the words are what is left.
function namesCode(error: string, code: string): boolean {
  return error.includes(code) || !error.includes('"code":"');
}

describe('what a client asks', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.start();
  });

  afterAll(() => stage.close());

  const pairs = TEXT_DIALECTS.flatMap((dialect) => TEXT_PROTOCOLS.map((protocol) => [dialect, protocol] as const));

  test.each(pairs)('MS-15 from a client of %s to an upstream of %s is heard as declared', async (dialect, protocol) => {
    const cells = ASKED.flatMap((feature) => [true, false].map((stream) => ({ feature, stream })));
    const faults = await inParallel(cells, 8, async ({ feature, stream }) => {
      const declared = declaredFor(feature, dialect, protocol);
      const asking = ASKS[dialect].asks[feature];
      // A dialect without words for something asks for it by nothing, and must say so.
      if (declared === 'absent' || asking === undefined)
        return declared === 'absent' && asking === undefined
          ? []
          : [`${feature}: ${JSON.stringify(declared)}, and yet can be asked`];
      const exchange = await stage.exchange(dialect, protocol, stream, asking, REFUSING);
      const fault = faultIn(declared, feature, protocol, exchange);
      return fault === undefined
        ? []
        : [`${feature}, ${stream ? 'streamed' : 'whole'}, ${JSON.stringify(declared)}: ${fault}`];
    });
    expect(faults.flat()).toEqual([]);
  });
});

function declaredFor(feature: Asked, dialect: TextDialect, protocol: TextProtocol): Support {
  const [from, to]: readonly [Fidelity, Fidelity] = [DIALECTS_OF_TEXT[dialect], PROTOCOLS_OF_TEXT[protocol]];
  return crossing(feature, from, to, dialect === protocol);
}
