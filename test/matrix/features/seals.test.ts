import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { crossing } from '../../../src/protocols/fidelity.ts';
import { Peek } from '../../support/peek.ts';
import { TEXT_DIALECTS } from '../../support/text-requests.ts';
import type { TextDialect } from '../../support/text-requests.ts';
import { TEXT_PROTOCOLS } from '../cells.ts';
import type { TextProtocol } from '../cells.ts';
import { DIALECTS_OF_TEXT, PROTOCOLS_OF_TEXT } from './declared.ts';
import { ASKS, REFUSING, Stage } from './stage.ts';
import { readAs, telling } from './readings.ts';
import { NEXT } from './next-turn.ts';
import { SEALED, SEALS } from './sealed.ts';
import type { SealedTale } from './sealed.ts';
import type { Body } from './values.ts';

const PAIRS = TEXT_PROTOCOLS.flatMap((protocol) => {
  const sealed = SEALED[protocol];
  return sealed === undefined ? [] : TEXT_DIALECTS.map((dialect) => [protocol, dialect, sealed] as const);
});

// Where a call has no place for its seal, the gateway that saw it must be the one that gives it back.
const CALLS_REMEMBERED: ReadonlySet<TextDialect> = new Set(['openai-responses']);

const INCLUDED: Body = { include: ['reasoning.encrypted_content'], reasoning: { effort: 'high' } };

function declaredFor(protocol: TextProtocol, dialect: TextDialect): string {
  const halves = [DIALECTS_OF_TEXT[dialect], PROTOCOLS_OF_TEXT[protocol]] as const;
  return JSON.stringify(crossing('seals', ...halves, protocol === dialect));
}

describe('what a maker sealed', () => {
  let stage: Stage;
  let fresh: Stage;

  beforeAll(async () => {
    stage = await Stage.start();
    fresh = await stage.fresh();
  });

  afterAll(async () => {
    await fresh.closeGateway();
    await stage.close();
  });

  /** The request with which a client goes on after it was told the answer. */
  async function secondTurn(
    protocol: TextProtocol,
    dialect: TextDialect,
    stream: boolean,
    sealed: SealedTale,
  ): Promise<Body> {
    const tools = ASKS[dialect].asks.tools ?? {};
    const first = { ...tools, ...(dialect === 'openai-responses' && INCLUDED) };
    const { answer, record } = await stage.exchange(dialect, protocol, stream, first, telling(sealed.tale));
    expect(answer.status, answer.body.toString()).toBe(200);
    expect(record.at('lost').value, answer.body.toString()).toBe(0);
    const next = NEXT[dialect]?.(readAs(dialect, answer));
    if (next === undefined) throw new Error(`nobody goes on in ${dialect}`);
    return { ...first, ...next };
  }

  const carried = PAIRS.filter(([, dialect]) => NEXT[dialect] !== undefined);

  test.each(carried)(
    'FM-14 MS-05 GM-04 CC-21 OR-59 by %s comes back to it through a client of %s, letter by letter',
    async (protocol, dialect, sealed) => {
      for (const stream of [true, false]) {
        const next = await secondTurn(protocol, dialect, stream, sealed);
        for (const [seals, by] of [
          [sealed.thoughts, fresh],
          [sealed.calls, CALLS_REMEMBERED.has(dialect) ? stage : fresh],
        ] as const) {
          if (seals.length === 0) continue;
          const { received } = await by.exchange(dialect, protocol, stream, next, REFUSING);
          const body = received?.body.toString() ?? 'nothing';
          for (const seal of seals) expect(body).toContain(`"${seal}"`);
          if (seals === sealed.thoughts) expect(sealed.thoughtIn(Peek.parse(body)), body).toBe(true);
          expect(body).not.toContain('streamweir');
        }
      }
    },
  );

  test.each(carried)(
    'FM-50 by %s is shown to nobody else, though a client of %s carries it',
    async (protocol, dialect, sealed) => {
      const next = await secondTurn(protocol, dialect, true, sealed);
      const others = TEXT_PROTOCOLS.filter((other) => other !== protocol && other !== 'openai-completions');
      for (const other of others) {
        const { received } = await stage.exchange(dialect, other, false, next, REFUSING);
        const body = received?.body.toString() ?? '';
        expect(body, `nothing reached ${other}`).not.toBe('');
        const hidden = Object.values(SEALS).flatMap((seal) => [
          seal.slice(10, 60),
          Buffer.from(seal).toString('base64url').slice(10, 60),
          Buffer.from(seal).toString('base64').slice(10, 60),
        ]);
        for (const part of [...hidden, 'streamweir']) expect(body, other).not.toContain(part);
      }
    },
  );

  test.each(PAIRS.filter(([, dialect]) => NEXT[dialect] === undefined))(
    'by %s is counted as lost for a client of %s, who cannot carry it',
    async (protocol, dialect, sealed) => {
      expect(declaredFor(protocol, dialect)).toContain('lost');
      for (const stream of [true, false]) {
        const { answer, record } = await stage.exchange(dialect, protocol, stream, {}, telling(sealed.tale));
        expect(answer.status).toBe(200);
        expect(record.at('lost').number).toBeGreaterThan(0);
      }
    },
  );
});
