import { afterEach, expect, test } from 'vitest';
import type { Decoder } from '../../src/protocols/codec.ts';
import { PROTOCOLS } from '../../src/protocols/index.ts';
import { TEXT_CLIENTS } from '../support/text-requests.ts';
import { WIRES } from '../support/upstream-bodies.ts';
import { eventsOf, FORMATS, openStage } from './stage.ts';

const SOUND = PROTOCOLS['openai-chat'];

afterEach(() => {
  PROTOCOLS['openai-chat'] = SOUND;
});

/** The decoder of chat with a fault in it: at the n-th message, or at its end. */
function faulty(decoder: Decoder, at: number | 'end'): Decoder {
  let pushed = 0;
  return {
    get phase() {
      return decoder.phase;
    },
    push: (frame) => {
      if (++pushed === at) throw new TypeError('a fault of our own');
      decoder.push(frame);
    },
    whole: (body) => decoder.whole(body),
    end: () => {
      if (at === 'end') throw new TypeError('a fault of our own');
      decoder.end();
    },
    fail: (error) => decoder.fail(error),
  };
}

test.each([
  ['at the first message', 1, 500],
  ['behind the first content', 3, 200],
  ['at the end of the body', 'end', 200],
] as const)('FM-32 a fault of our own %s costs one answer, not the process', async (_, at, status) => {
  PROTOCOLS['openai-chat'] = { ...SOUND, decoder: (emit, context) => faulty(SOUND.decoder(emit, context), at) };
  const stage = await openStage();
  const stream = WIRES['openai-chat'].stream({ text: ['one ', 'two '] });
  stage.upstream.on('m', async (reply) => {
    reply.head(200, { 'content-type': 'text/event-stream' });
    for (const event of eventsOf(stream).slice(0, at === 'end' ? 2 : 20)) await reply.write(event);
    reply.end();
  });
  for (const dialect of FORMATS) {
    const answer = await stage.ask(dialect, 'openai-chat/m').done;
    const told = TEXT_CLIENTS[dialect].read(answer, true);
    expect([dialect, answer.status, told.normalEnd, told.error]).toEqual([
      dialect,
      status,
      false,
      'The gateway failed to handle this request.',
    ]);
  }
  const faults = stage.gateway.log.filter((line) => line.includes('a fault of our own'));
  expect(faults).toHaveLength(FORMATS.length);
});
