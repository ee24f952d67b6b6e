import type { Snapshot } from '../config/snapshot.ts';
import type { ReadBody } from '../gateway/stored-answers.ts';
import { refuse } from '../model/errors.ts';
import { readBody } from './body.ts';

/**
 * The body that a message of a WebSocket holds. How its answer comes is not for the client to choose here (OR-74).
 * @throws GatewayFailure for what is no JSON object, or another message than `response.create`
 */
export function messageBody(message: Buffer, { limits }: Snapshot): ReadBody {
  const { value } = readBody(message, limits);
  const { type, stream: _stream, stream_options: _options, background: _background, ...rest } = value;
  if (type !== 'response.create')
    refuse('type', "A message must be of the type 'response.create'.", 'unsupported_event');
  const bytes = Buffer.from(JSON.stringify({ ...rest, stream: true }));
  return readBody(bytes, { ...limits, jsonTokens: Infinity });
}
