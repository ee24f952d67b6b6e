import { describe, expect, test } from 'vitest';
import { relayDeadlines } from '../../src/gateway/target.ts';
import { target } from '../protocols/exchange.ts';
import { openStage } from './stage.ts';
import { RawExchange } from '../support/raw-client.ts';
import { TEXT_CLIENTS } from '../support/text-requests.ts';

const deadlines = { connect: 5_000, first: 30_000, idle: 60_000, progress: 300_000, stream: 3_600_000, whole: 300_000 };

function within(headers: Readonly<Record<string, string>>, streams: boolean): ReturnType<typeof relayDeadlines> {
  return relayDeadlines({ deadlines }, target(streams), { headers });
}

describe('how long a client says it waits', () => {
  test.each(['x-stainless-timeout', 'x-server-timeout'])('GM-09 %s bounds a whole call, less a second', (name) => {
    expect(within({ [name]: '10' }, false)).toEqual({ first: 9_000, idle: 9_000, progress: 9_000, total: 9_000 });
    expect(within({ [name]: '10' }, true)).toEqual({ first: 9_000, idle: 60_000, progress: 300_000, total: 3_600_000 });
  });

  test('it never makes a deadline longer, and nonsense changes nothing', () => {
    for (const told of ['9000', '-1', '0', 'soon', ''])
      expect(within({ 'x-server-timeout': told }, false).total).toBe(deadlines.whole);
  });

  test('GM-09 a silent upstream is given up before the client would be', async () => {
    const stage = await openStage();
    stage.upstream.on('silent', () => undefined);
    const exchange = new RawExchange(stage.gateway.url, {
      path: TEXT_CLIENTS['openai-chat'].path,
      headers: { 'content-type': 'application/json', 'x-stainless-timeout': '1' },
      body: JSON.stringify(TEXT_CLIENTS['openai-chat'].request('openai-chat/silent', true, false)),
    });
    expect((await exchange.done).status).toBe(504);
  });
});
