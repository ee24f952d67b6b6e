import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectSection } from '../support/doc-section.ts';
import { FakeUpstream, replaying } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import type { Gateway } from '../support/gateway.ts';
import { Peek } from '../support/peek.ts';
import { inParallel } from '../support/pool.ts';
import { answersOf, bodyOf, haveRecordings } from '../support/recordings.ts';
import type { Recording } from '../support/recordings.ts';
import { TEXT_CLIENTS, TEXT_DIALECTS, askPlainly } from '../support/text-requests.ts';
import type { TextDialect } from '../support/text-requests.ts';
import { CHUNK_SIZES, PROVIDER, TEXT_PROTOCOLS, errorFaults, matrixConfig } from './cells.ts';
import type { Outcome, TextProtocol } from './cells.ts';

function recordedErrors(): readonly (readonly [TextProtocol, Recording])[] {
  return answersOf('errors').flatMap((recording) =>
    TEXT_PROTOCOLS.filter((protocol) => protocol === recording.wire.replace('#invoke', '')).map(
      (protocol) => [protocol, recording] as const,
    ),
  );
}

// An upstream that answers 400 to a bad key; what it says of the key is as secret as in a 401.
const BAD_KEY_AS_400 =
  'errors/ruby_llm__chat_error_handling_with_xai_grok-4-1-fast-non-reasoning_raises_appropriate_auth_error.json';

function ofTheCredential({ file, http_status: status }: Recording): boolean {
  return status === 401 || status === 403 || file === BAD_KEY_AS_400;
}

// What an upstream's status becomes: its credential is the gateway's affair, its breakdown a bad gateway; the rest is the client's to know.
function expectedStatus(recording: Recording): number | undefined {
  if (ofTheCredential(recording)) return 502;
  const status = recording.http_status;
  if (status === 429) return 429;
  if (status >= 400 && status < 500) return status;
  return status >= 500 ? 502 : undefined;
}

function messageIn(recording: Recording): string {
  if (recording.streaming) return '';
  const body = Peek.parse(bodyOf(recording).toString());
  const error = body.at('error');
  return [error.at('message').text, error.text, body.at('message').text].find((text) => text !== '') ?? '';
}

describe.skipIf(!haveRecordings)('every recorded error', () => {
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

  async function faultsIn(
    dialect: TextDialect,
    protocol: TextProtocol,
    recording: Recording,
    size: number,
    stream: boolean,
  ): Promise<readonly string[]> {
    const model = `${recording.file}#${size}`;
    upstream.on(model, replaying(recording, size));
    const name = `${PROVIDER[protocol]}/${model}`;
    const answer = await askPlainly(gateway.url, dialect, name, { stream, usage: true });
    try {
      const told = TEXT_CLIENTS[dialect].read(answer, stream);
      const faults = [...errorFaults(told)];
      const status = expectedStatus(recording);
      if (status !== undefined && answer.status !== status) faults.push(`HTTP ${answer.status} instead of ${status}`);
      if (!stream && answer.status < 400) faults.push(`HTTP ${answer.status} for a whole answer`);
      const secret = ofTheCredential(recording);
      const message = messageIn(recording);
      if (!secret && message !== '' && told.error?.includes(message) !== true) faults.push(`message: ${told.error}`);
      if (secret && message !== '' && told.error?.includes(message) === true)
        faults.push('shows what the upstream says of the credential');
      return faults;
    } catch (error) {
      return [`unreadable (HTTP ${answer.status}): ${String(error)}`];
    }
  }

  test.each(TEXT_DIALECTS)('WD-05 FM-05 is an error to a client of %s, and never a normal end', async (dialect) => {
    const cells = recordedErrors().flatMap(([protocol, recording]) =>
      CHUNK_SIZES.flatMap((size) => [true, false].map((stream) => ({ protocol, recording, size, stream }))),
    );
    const results = await inParallel(cells, 16, async ({ protocol, recording, size, stream }) => {
      const faults = await faultsIn(dialect, protocol, recording, size, stream);
      return faults.map((fault) => `${recording.file} at ${size}, ${stream ? 'streamed' : 'whole'}: ${fault}`);
    });
    const failed = results.filter((faults) => faults.length > 0);
    outcomes.set(dialect, { passed: cells.length - failed.length, total: cells.length, faults: failed.flat() });
    expect(failed.flat().slice(0, 40)).toEqual([]);
  });

  test('the fidelity table is current', () => {
    expectSection('docs/fidelity.md', 'errors', [
      `| recorded errors | ${TEXT_DIALECTS.map((dialect) => `\`${TEXT_CLIENTS[dialect].path}\``).join(' | ')} |`,
      `| --- | ${TEXT_DIALECTS.map(() => '---').join(' | ')} |`,
      `| ${recordedErrors().length} | ${TEXT_DIALECTS.map((dialect) => `${outcomes.get(dialect)?.passed}/${outcomes.get(dialect)?.total}`).join(' | ')} |`,
    ]);
  });
});
