import { describe, expect, test } from 'vitest';
import { collect } from '../../src/model/completion.ts';
import { GatewayFailure } from '../../src/model/errors.ts';
import type { Event } from '../../src/model/event.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { Request } from '../../src/model/request.ts';
import type { Dialect, Protocol } from '../../src/protocols/codec.ts';
import * as rerank from '../../src/protocols/cohere-rerank/index.ts';
import * as moderations from '../../src/protocols/openai-moderations/index.ts';
import { decoded, encoded, fixture, framesOf, reply, streamOf, target } from './exchange.ts';
import { faultUnderMutation } from './mutations.ts';

interface Format {
  readonly protocol: Protocol;
  readonly dialect: Dialect;
  readonly ask: JsonObject;
  readonly body: string;
  readonly required: readonly string[];
  readonly path: string;
}

const MODERATION: Format = {
  ...moderations,
  ask: { model: 'm', input: 'text' },
  body: fixture('openai-moderations/flagged/whole.json').toString(),
  required: ['model', 'input'],
  path: '/moderations',
};
const RANKING: Format = {
  ...rerank,
  ask: { model: 'm', query: 'q', documents: ['a', { text: 'b' }] },
  body: fixture('cohere-rerank/search-units/whole.json').toString(),
  required: ['model', 'query', 'documents'],
  path: '/rerank',
};
const OTHER_RANKING: Format = { ...RANKING, body: fixture('cohere-rerank/total-tokens/whole.json').toString() };

describe.each<readonly [string, Format]>([
  ['moderation', MODERATION],
  ['a ranking', RANKING],
  ['a ranking of the other family', OTHER_RANKING],
])('%s passes', (_name, { protocol, dialect, ask, body, required, path }) => {
  const request: Request = dialect.decodeRequest(ask);
  const whole = (text: string): Event[] =>
    decoded(protocol, request, (decoder) => {
      decoder.whole(text);
    });

  test('UP-10 the body is given as it came, byte for byte, read or passed', () => {
    expect(dialect.encodeWhole(collect(whole(body)), reply(request)).body).toBe(body);
    expect(encoded(dialect, whole(body), reply(request))).toMatchObject({ text: body, lost: 0 });
    expect(dialect.passWhole?.(body, reply(request))?.usage).toEqual(collect(whole(body)).usage);
  });

  test('UP-06 a body sent as an event is the same answer', () => {
    const frame = `: hello\n\ndata: ${body.replaceAll('\n', '\ndata: ')}\n\n`;
    const events = decoded(protocol, request, streamOf(framesOf(frame)));
    expect(collect(events)).toMatchObject({ finish: { reason: 'stop' }, usage: collect(whole(body)).usage });
  });

  test.each(['', 'pardon?', '[]', '{}', '{"results":{}}', body.slice(0, -5)])('%j is a bad response', (text) => {
    expect(whole(text)).toMatchObject([{ type: 'error', error: { kind: 'bad_response' } }]);
    expect(dialect.passWhole?.(text, reply(request))).toBeUndefined();
  });

  test('an error inside a 200 is told, whatever its shape', () => {
    for (const told of ['{"error":{"message":"No."},"results":[]}', '{"message":"No."}', '{"detail":"No."}'])
      expect(whole(told)).toMatchObject([{ type: 'error', error: { message: 'No.' } }]);
    expect(decoded(protocol, request, streamOf([]))).toMatchObject([{ type: 'error' }]);
  });

  test('any damage gives well-formed events and one end', () => {
    expect(faultUnderMutation(protocol, request, [{ data: body }])).toBeUndefined();
  });

  test('UP-09 the request goes on with its model changed and nothing else', () => {
    expect(protocol.path(request, target())).toBe(path);
    expect(protocol.patch(request, target())).toEqual({ model: 'upstream-model' });
    expect(JSON.parse(String(protocol.encodeRequest(request, target()).body))).toEqual({
      ...ask,
      model: 'upstream-model',
    });
  });

  test('what is missing is refused by name, and so is a request of another kind', () => {
    for (const name of required) {
      const { [name]: _left, ...rest } = ask;
      expect(() => dialect.decodeRequest(rest)).toThrow(new RegExp(`'${name}'`));
    }
    const other: Request = {
      task: 'image',
      model: 'm',
      stream: false,
      native: { protocol: 'openai-images', value: {} },
    };
    expect(() => protocol.encodeRequest(other, target())).toThrow(GatewayFailure);
  });
});

test('tokens of a ranking are read wherever they are told; units of search are none', () => {
  const usage = (answer: JsonObject): unknown =>
    rerank.dialect.passWhole?.(
      JSON.stringify({ results: [], ...answer }),
      reply(rerank.dialect.decodeRequest(RANKING.ask)),
    )?.usage;
  expect(usage({ usage: { total_tokens: 38 } })).toMatchObject({ input: 38, output: 0 });
  expect(usage({ usage: { prompt_tokens: 30, total_tokens: 30 } })).toMatchObject({ input: 30, output: 0 });
  expect(usage({ meta: { tokens: { input_tokens: 9, output_tokens: 1 } } })).toMatchObject({ input: 9, output: 1 });
  expect(usage({ meta: { billed_units: { search_units: 2 } } })).toMatchObject({ input: 0, estimated: true });
  expect(usage({})).toMatchObject({ input: 0, output: 0, estimated: true });
});
