import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectSection } from '../support/doc-section.ts';
import { FakeUpstream } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import type { Gateway } from '../support/gateway.ts';
import { haveRecordings } from '../support/recordings.ts';
import { TEXT_DIALECTS } from '../support/text-requests.ts';
import type { TextDialect } from '../support/text-requests.ts';
import { fidelityLines, matrixConfig, runMatrix } from './cells.ts';
import type { Outcome, TextProtocol } from './cells.ts';

/** The law of every recording of a text protocol: it reaches a client of every dialect whole, and the table in the document says so. */
export function everyRecordingOf(protocol: TextProtocol): void {
  describe.skipIf(!haveRecordings)(`every recording of ${protocol}`, () => {
    let upstream: FakeUpstream;
    let gateway: Gateway;
    const outcomes = new Map<TextDialect, Outcome>();

    beforeAll(async () => {
      upstream = await FakeUpstream.start();
      gateway = await startGateway(matrixConfig(upstream));
    });

    afterAll(async () => {
      await gateway.close();
      await upstream.close();
    });

    test.each(TEXT_DIALECTS)(
      'UP-01 reaches a client of %s whole, streamed or not, however the network cut it',
      async (dialect) => {
        const outcome = await runMatrix(gateway.url, upstream, protocol, dialect);
        outcomes.set(dialect, outcome);
        expect(outcome.faults.slice(0, 40), `${outcome.passed} of ${outcome.total} passed`).toEqual([]);
      },
      180_000,
    );

    test('the fidelity table is current', () => {
      expectSection('docs/fidelity.md', protocol, fidelityLines(protocol, outcomes));
    });
  });
}
