import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GatewayFailure } from '../../../src/model/errors.ts';
import { collect } from '../../../src/model/completion.ts';
import type { Event } from '../../../src/model/event.ts';
import { NO_USAGE } from '../../../src/model/usage.ts';
import { PROTOCOLS } from '../../../src/protocols/index.ts';
import { bodyOf, haveRecordings } from '../../support/recordings.ts';
import type { Recording } from '../../support/recordings.ts';
import { TEXT_PROTOCOLS, playable } from '../cells.ts';
import type { TextProtocol } from '../cells.ts';
import { FORMATS, eventsFrom, feedStream, readBack, replyOf } from './formats.ts';
import type { Format } from './formats.ts';

/** A change of the bytes, as bad lines, bad proxies and bad servers make them. */
type Mutation =
  | { readonly kind: 'set'; readonly at: number; readonly value: number }
  | { readonly kind: 'leave out' | 'repeat'; readonly at: number; readonly length: number }
  | { readonly kind: 'cut off'; readonly at: number }
  | { readonly kind: 'put in'; readonly at: number; readonly text: string };

const at = fc.nat(1_000_000);
const length = fc.integer({ min: 1, max: 400 });
const PIECES = ['\n\n', '\r\n\r\n', 'data: {}\n\n', 'data: [DONE]\n\n', '"', '}', 'null', '\u0000', '\ufeff'];

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), at, value: fc.nat(255) }),
  fc.record({ kind: fc.constantFrom('leave out' as const, 'repeat' as const), at, length }),
  fc.record({ kind: fc.constant('cut off' as const), at }),
  fc.record({ kind: fc.constant('put in' as const), at, text: fc.constantFrom(...PIECES) }),
);

function mutated(bytes: Buffer, change: Mutation): Buffer {
  if (bytes.length === 0) return bytes;
  const from = change.at % bytes.length;
  const before = bytes.subarray(0, from);
  switch (change.kind) {
    case 'set':
      return Buffer.concat([before, Buffer.from([change.value]), bytes.subarray(from + 1)]);
    case 'leave out':
      return Buffer.concat([before, bytes.subarray(from + change.length)]);
    case 'repeat':
      return Buffer.concat([bytes.subarray(0, from + change.length), bytes.subarray(from)]);
    case 'cut off':
      return before;
    case 'put in':
      return Buffer.concat([before, Buffer.from(change.text), bytes.subarray(from)]);
    default:
      return change satisfies never;
  }
}

// Of each recording; with hundreds of them every run of the suite tries thousands.
const RUNS = 25;

const damage = fc.tuple(fc.array(mutation, { minLength: 1, maxLength: 3 }), fc.constantFrom(1, 7, 64, 4096));

function decode(
  recording: Recording,
  protocol: TextProtocol,
  bytes: Buffer,
  size: number,
  format: Format,
): readonly Event[] {
  const wrapped = recording.wire.includes('#invoke');
  const half = PROTOCOLS[wrapped ? 'anthropic-messages' : protocol];
  return eventsFrom(half, format.request, (decoder) => {
    if (!recording.streaming || recording.file.endsWith('.json')) decoder.whole(bytes.toString());
    else feedStream(decoder, bytes, protocol === 'bedrock-converse' ? 'aws' : 'sse', size);
  });
}

// Where an upstream gives no counts, the gateway puts its estimate before the end.
function counted(events: readonly Event[]): readonly Event[] {
  const end = events.at(-1);
  if (end?.type !== 'finish' || events.some(({ type }) => type === 'usage')) return events;
  return [...events.slice(0, -1), { type: 'usage', usage: { ...NO_USAGE, input: 1, output: 1, estimated: true } }, end];
}

/** What is wrong with what a client of a format is told of such an answer. */
function faultsIn(format: Format, events: readonly Event[]): readonly string[] {
  const ends = events.filter(({ type }) => type === 'finish' || type === 'error');
  const end = events.at(-1);
  if (ends.length !== 1 || end === undefined || end !== ends[0]) return [`${ends.length} ends`];
  const { told } = readBack(format, counted(events));
  // Its reader adds the deltas up as they come, which is no order where damage made two texts of one.
  const texts = events.filter((event) => event.type === 'block-start' && event.block.type === 'text').length;
  const faults = told.broken.filter((rule) => texts < 2 || !rule.startsWith('OR-05'));
  if (told.normalEnd !== (end.type === 'finish'))
    faults.push(`ended ${told.normalEnd ? '' : 'not '}normally with ${end.type}`);
  if (end.type === 'finish') format.dialect.encodeWhole(collect(events), replyOf(format));
  return faults;
}

describe.skipIf(!haveRecordings)('recorded answers with damaged bytes', () => {
  const all = TEXT_PROTOCOLS.flatMap((protocol) =>
    playable(protocol)
      .filter(({ size }) => size < 40_000)
      .map((recording) => [protocol, recording] as const),
  );

  test('there are hundreds of them', () => {
    expect(all.length).toBeGreaterThan(300);
  });

  test.each(TEXT_PROTOCOLS)(
    'UP-02 UP-08 FM-27 from %s give every client a well-formed answer or one error, and never a fault',
    (protocol) => {
      const mine = all.filter(([own]) => own === protocol);
      for (const [, recording] of mine) {
        const body = bodyOf(recording);
        const survives = fc.property(damage, fc.constantFrom(...FORMATS), ([changes, size], format) => {
          const bytes = changes.reduce(mutated, body);
          try {
            const faults = faultsIn(format, decode(recording, protocol, bytes, size, format));
            if (faults.length > 0) throw new Error(`${format.id}: ${faults.join('; ')}`);
          } catch (fault) {
            // What must not be shown may be all there is (OR-52); such an answer is refused.
            if (!(fault instanceof GatewayFailure)) throw fault;
          }
        });
        const found = fc.check(survives, { numRuns: RUNS });
        const report = `${JSON.stringify(found.counterexample?.[0])} ${String(found.errorInstance)}`;
        expect(found.failed, `${recording.file}: seed ${found.seed}, ${report}`).toBe(false);
      }
    },
  );
});
