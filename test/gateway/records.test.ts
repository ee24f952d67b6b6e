import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { answering, streaming } from '../support/fake-upstream.ts';
import { exchange, postJson } from '../support/raw-client.ts';
import { formBody, toneWav } from '../support/sounds.ts';
import { WIRES, speechStream, transcriptStream } from '../support/upstream-bodies.ts';
import { FORMATS, eventsOf, openStage, UPSTREAM_KEY } from './stage.ts';

const PROMPT = 'canary-of-the-prompt';
const ANSWER = 'canary-of-the-answer';
const PAIRS = FORMATS.flatMap((protocol) => FORMATS.map((dialect) => ({ protocol, dialect })));

describe('one line in the access log for each request', () => {
  test.each(PAIRS)(
    'of $dialect from $protocol, streamed and whole: model, tokens, times, how it ended',
    async ({ protocol, dialect }) => {
      const stage = await openStage();
      const saying = { text: ['first ', ANSWER], usage: { input: 11, output: 7 } };
      const events = eventsOf(WIRES[protocol].stream(saying));
      stage.upstream.on('m', async (reply, request) => {
        if (!/"stream":\s*true/.test(request.body.toString()))
          return answering(200, { 'content-type': 'application/json' }, WIRES[protocol].whole(saying))(reply, request);
        reply.head(200, { 'content-type': 'text/event-stream' });
        const cut = events.findIndex((event) => event.includes('first ')) + 1;
        await reply.write(events.slice(0, cut).join(''));
        await sleep(150);
        reply.end(events.slice(cut).join(''));
      });
      for (const stream of [true, false]) {
        const prompt = {
          'openai-chat': { messages: [{ role: 'user', content: PROMPT }] },
          'openai-responses': { input: PROMPT },
          'openai-completions': { prompt: PROMPT },
        };
        const answer = await stage.ask(dialect, `${protocol}/m`, stream, prompt[dialect]).done;
        expect([answer.status, answer.body.toString().includes(ANSWER)]).toEqual([200, true]);
      }
      const [streamed, whole] = await stage.records(2);
      for (const [index, record] of [streamed, whole].entries()) {
        expect(record?.value).toMatchObject({
          level: 'info',
          msg: 'request',
          dialect,
          protocol,
          provider: protocol,
          model: `${protocol}/m`,
          stream: index === 0,
          status: 200,
          ended: 'finished',
          finish: 'stop',
          attempts: 1,
          tokens: { input: 11, output: 7, total: 18 },
        });
        expect(record?.at('requestId').text).toMatch(/^req_/);
      }
      const [first = 0, total = 0] = [streamed?.at('firstContentMs').number, streamed?.at('totalMs').number];
      expect(first).toBeGreaterThan(0);
      expect(total).toBeGreaterThan(first);
      const log = stage.gateway.log.join('');
      for (const secret of [PROMPT, ANSWER, 'first ', UPSTREAM_KEY, 'client-key']) expect(log).not.toContain(secret);
      expect(stage.gateway.log).toHaveLength(2);
    },
  );

  test('of sounds and transcripts, too', async () => {
    const stage = await openStage();
    stage.upstream.on('voice', streaming(speechStream([Buffer.from('sound')])));
    stage.upstream.on('raw', answering(200, { 'content-type': 'audio/mpeg' }, 'ID3 sound'));
    stage.upstream.on('ear', streaming(transcriptStream([ANSWER])));
    await postJson(stage.gateway.url, '/v1/audio/speech', {
      model: 'openai-chat/voice',
      input: PROMPT,
      voice: 'alloy',
      stream_format: 'sse',
    });
    await postJson(stage.gateway.url, '/v1/audio/speech', { model: 'openai-chat/raw', input: PROMPT, voice: 'alloy' });
    const form = formBody([
      ['model', 'openai-chat/ear'],
      ['prompt', PROMPT],
      ['stream', 'true'],
      ['file', toneWav(0.1)],
    ]);
    await exchange(stage.gateway.url, {
      path: '/v1/audio/transcriptions',
      headers: { 'content-type': form.type },
      body: form.body,
    });
    const records = await stage.records(3);
    expect(
      records.map((record) => [
        record.at('model').value,
        record.at('ended').value,
        record.at('tokens', 'total').number,
      ]),
    ).toEqual([
      ['openai-chat/voice', 'finished', 115],
      ['openai-chat/raw', 'finished', expect.any(Number)],
      ['openai-chat/ear', 'finished', 19],
    ]);
    expect(records[1]?.at('gear').value).toBe('bytes');
    for (const record of records) expect(record.at('firstContentMs').number).toBeGreaterThan(0);
    const log = stage.gateway.log.join('');
    for (const secret of [PROMPT, ANSWER, UPSTREAM_KEY]) expect(log).not.toContain(secret);
  });

  test('of the sandbox, and of what it refuses', async () => {
    const stage = await openStage();
    await stage.ask('openai-chat', 'sandbox/echo').done;
    await stage.ask('openai-chat', 'sandbox/echo:fail=reset@3').done;
    await stage.ask('openai-chat', 'sandbox/echo:status=429').done;
    const records = await stage.records(3);
    expect(records.map((record) => [record.at('ended').value, record.at('status').value])).toEqual([
      ['finished', 200],
      ['failed', 200],
      ['failed', 429],
    ]);
    expect(records.map((record) => record.at('provider').value)).toEqual(['sandbox', 'sandbox', 'sandbox']);
  });

  test('of a stream that was cut off: failed, with what had passed counted as an estimate', async () => {
    const stage = await openStage();
    for (const { protocol, dialect } of PAIRS) {
      const events = eventsOf(WIRES[protocol].stream({ text: ['one ', 'two '] }));
      const cut = events.findIndex((event) => event.includes('two ')) + 1;
      stage.upstream.on('m', async (reply) => {
        reply.head(200, { 'content-type': 'text/event-stream' });
        await reply.write(events.slice(0, cut).join(''));
        reply.reset();
      });
      await stage.ask(dialect, `${protocol}/m`).done;
    }
    for (const record of await stage.records(PAIRS.length)) {
      expect(record.value).toMatchObject({
        ended: 'failed',
        status: 200,
        error: { kind: 'bad_response' },
        tokens: { estimated: true },
      });
      expect(record.at('tokens', 'output').number).toBeGreaterThan(0);
    }
  });
});
