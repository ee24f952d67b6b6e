import { describe, expect, test } from 'vitest';
import { GatewayFailure } from '../../src/model/errors.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { dialect, protocol, translationDialect } from '../../src/protocols/openai-transcriptions/index.ts';
import { target } from './exchange.ts';

const form: JsonObject = {
  language: 'en',
  model: 'm',
  stream: 'true',
  'timestamp_granularities[]': ['word', 'segment'],
  response_format: 'verbose_json',
  temperature: '0.20',
};

describe('a form', () => {
  test('TR-01 is read with its fields in order, repeats and all', () => {
    expect(dialect.decodeRequest(form)).toMatchObject({
      task: 'transcription',
      model: 'm',
      stream: true,
      translate: false,
      language: 'en',
      format: 'verbose_json',
      fields: [
        ['language', 'en'],
        ['model', 'm'],
        ['stream', 'true'],
        ['timestamp_granularities[]', 'word'],
        ['timestamp_granularities[]', 'segment'],
        ['response_format', 'verbose_json'],
        ['temperature', '0.20'],
      ],
    });
  });

  test.each<readonly [string, JsonObject]>([
    ['model', {}],
    ['model', { model: '' }],
    ['model', { model: ['a', 'b'] }],
    ['stream', { model: 'm', stream: 'yes' }],
    ['language', { model: 'm', language: ['en', 'de'] }],
    ['x', { model: 'm', x: { y: 1 } }],
  ])('TR-01 a wrong %s is refused by its name: %j', (param, fields) => {
    expect(() => dialect.decodeRequest(fields)).toThrow(GatewayFailure);
    expect(() => dialect.decodeRequest(fields)).toThrow(`'${param}'`);
  });

  test('TR-01 UP-09 goes upstream with another model, its other fields as they came', () => {
    const { body } = protocol.encodeRequest(dialect.decodeRequest(form), target());
    expect(protocol.path(dialect.decodeRequest(form), target())).toBe('/audio/transcriptions');
    expect(body).toEqual([
      ['language', 'en'],
      ['model', 'upstream-model'],
      ['timestamp_granularities[]', 'word'],
      ['timestamp_granularities[]', 'segment'],
      ['response_format', 'verbose_json'],
      ['temperature', '0.20'],
      ['stream', 'true'],
    ]);
    expect(protocol.encodeRequest(dialect.decodeRequest(form), target(false)).body).not.toContainEqual([
      'stream',
      'true',
    ]);
  });

  test('TR-01 a translation goes to its own path', () => {
    const request = translationDialect.decodeRequest({ model: 'm' });
    expect(request).toMatchObject({ translate: true, stream: false, format: 'json' });
    expect(protocol.path(request, target(false))).toBe('/audio/translations');
  });
});
