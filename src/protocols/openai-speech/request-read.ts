import { EVENT_STREAM } from '../codec.ts';
import type { StreamForm } from '../codec.ts';
import { refuse } from '../../model/errors.ts';
import { Fields } from '../../model/fields.ts';
import { asObject, asString } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { Request, SpeechRequest } from '../../model/request.ts';
import { AUDIO_TYPE } from './words.ts';

/** Reads the body of `POST /v1/audio/speech` (SP-01). */
export function decodeRequest(body: JsonObject): SpeechRequest {
  const fields = new Fields(body);
  const model = fields.requiredString('model');
  const input = fields.requiredString('input');
  if (input === '') refuse('input', "'input' must not be empty: it is the text to speak.", 'empty_string');
  const voice = readVoice(fields);
  const instructions = fields.string('instructions');
  const speed = fields.number('speed');
  if (speed !== undefined && !(speed >= 0.25 && speed <= 4)) refuse('speed', "'speed' must be between 0.25 and 4.");
  return {
    task: 'speech',
    model,
    stream: true,
    input,
    format: fields.string('response_format') ?? 'mp3',
    delivery: readDelivery(fields),
    ...(voice !== undefined && { voice }),
    ...(speed !== undefined && { speed }),
    ...(instructions !== undefined && { instructions }),
    native: { protocol: 'openai-speech', value: body },
  };
}

/** The framing of the answer to a request: events, or the bytes of the sound. */
export function streamForm(request: Request): StreamForm {
  if (request.task !== 'speech' || request.delivery === 'sse') return EVENT_STREAM;
  return { contentType: AUDIO_TYPE[request.format] ?? 'application/octet-stream', tellsErrors: false };
}

function readVoice(fields: Fields): Json | undefined {
  const voice = fields.get('voice');
  if (voice === undefined || asString(voice) !== undefined || asObject(voice) !== undefined) return voice;
  return refuse('voice', "'voice' must be the name of a voice, or an object with its id.");
}

function readDelivery(fields: Fields): 'audio' | 'sse' {
  const delivery = fields.string('stream_format') ?? 'audio';
  if (delivery === 'audio' || delivery === 'sse') return delivery;
  return refuse('stream_format', "'stream_format' must be one of 'audio', 'sse'.");
}
