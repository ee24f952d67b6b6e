import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PROVIDER, matrixConfig, playable } from '../matrix/cells.ts';
import { FakeUpstream, replaying } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import type { Gateway } from '../support/gateway.ts';
import { Peek } from '../support/peek.ts';
import { inParallel } from '../support/pool.ts';
import { haveRecordings } from '../support/recordings.ts';
import type { Recording } from '../support/recordings.ts';
import { askPlainly } from '../support/text-requests.ts';
import type { TextDialect } from '../support/text-requests.ts';

const SIZES = [7, 4096, 1 << 30];

/** The formats whose streams may pass, and a client for whom each must be decoded and encoded. */
const PASSING: readonly (readonly [own: TextDialect, foreign: TextDialect])[] = [
  ['openai-chat', 'openai-responses'],
  ['anthropic-messages', 'openai-chat'],
  ['gemini', 'openai-chat'],
];

/**
 * What an answer came to. Estimates hang on the size of the request, which differs between formats; and there are none where a failed answer had
 * nothing that the client could be shown.
 */
function accountOf(record: Peek): unknown {
  const tokens = record.at('tokens');
  const told = tokens.given && tokens.at('estimated').value !== true;
  return { ended: record.at('ended').value, tokens: told ? tokens.value : 'none told' };
}

describe.skipIf(!haveRecordings)('every recording', () => {
  let upstream: FakeUpstream;
  let gateway: Gateway;

  beforeAll(async () => {
    upstream = await FakeUpstream.start();
    gateway = await startGateway(matrixConfig(upstream));
  });

  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });

  // Claude in its own format, which another host wraps: same messages, other framing.
  const wrapped = (): readonly Recording[] =>
    playable('bedrock-converse').filter(({ wire, streaming }) => streaming && wire.includes('#invoke'));

  test.each(PASSING)(
    'FM-18 MS-07 GM-05 of %s costs the same in every gear, streamed and whole',
    async (own, foreign) => {
      const recordings = [...playable(own), ...(own === 'anthropic-messages' ? wrapped() : [])];
      const cells = recordings.flatMap((recording) =>
        SIZES.flatMap((size) => [true, false].map((stream) => ({ recording, size, stream }))),
      );
      const nameOf = ({ recording, size, stream }: (typeof cells)[number], dialect: TextDialect): string => {
        const provider = recording.wire.includes('#invoke') ? 'wrap' : PROVIDER[own];
        return `${provider}/${recording.file}#${size}#${stream ? 's' : 'w'}#${dialect}`;
      };
      await inParallel(cells, 12, async (cell) => {
        for (const dialect of [own, foreign]) {
          const name = nameOf(cell, dialect);
          upstream.on(name.slice(name.indexOf('/') + 1), replaying(cell.recording, cell.size));
          await askPlainly(gateway.url, dialect, name, { stream: cell.stream, usage: true });
        }
      });
      const records = new Map(
        gateway.log.map((line) => {
          const record = Peek.parse(line);
          return [record.at('model').text, record];
        }),
      );
      const recordOf = (name: string): Peek => records.get(name) ?? new Peek(undefined);
      for (const cell of cells) {
        const [passed, encoded] = [own, foreign].map((dialect) => recordOf(nameOf(cell, dialect)));
        if (passed === undefined || encoded === undefined) throw new Error('two records of each');
        const name = `${nameOf(cell, own)} (${passed.at('gear').text})`;
        expect(encoded.at('gear').text, name).toBe('events');
        expect({ name, account: accountOf(passed) }).toEqual({ name, account: accountOf(encoded) });
      }
      const gears = new Set(cells.map((cell) => recordOf(nameOf(cell, own)).at('gear').text));
      expect([...gears].toSorted()).toEqual(['bytes', 'events', 'frames']);
    },
  );
});
