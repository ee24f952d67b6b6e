import { camel } from './request-read-contents.ts';
import { readGeneration, readModel } from './request-read.ts';
import { refuse } from '../../model/errors.ts';
import { Fields } from '../../model/fields.ts';
import type { JsonObject } from '../../model/json.ts';
import type { CountRequest, EmbeddingRequest } from '../../model/request.ts';
import type { Place } from '../codec.ts';

/** Reads the body of `countTokens`: contents, or a whole request in `generateContentRequest`. */
export function decodeCountRequest(body: JsonObject, place?: Place): CountRequest {
  const model = readModel(place);
  const fields = camel(new Fields(body));
  const whole = fields.object('generateContentRequest');
  const generation = readGeneration(whole ?? new Fields(body), model);
  return { task: 'count', model, stream: false, generation, native: { protocol: 'gemini', value: body } };
}

/** Reads the body of `embedContent`: one text. */
export function decodeEmbeddingRequest(body: JsonObject, place?: Place): EmbeddingRequest {
  return readEmbedding([camel(new Fields(body))], body, place);
}

/** Reads the body of `batchEmbedContents`: a list of such requests. */
export function decodeBatchRequest(body: JsonObject, place?: Place): EmbeddingRequest {
  const requests = new Fields(body).objects('requests');
  if (requests.length === 0) new Fields(body).missing('requests');
  return readEmbedding(requests.map(camel), body, place);
}

// The options of the first stand for all: no other format can set them for each text.
function readEmbedding(requests: readonly Fields[], body: JsonObject, place: Place | undefined): EmbeddingRequest {
  const first = requests[0] ?? new Fields(body);
  const options = camel(first.object('embedContentConfig') ?? first);
  const dimensions = options.integer('outputDimensionality');
  if (dimensions !== undefined && dimensions < 1)
    refuse(options.pathOf('outputDimensionality'), 'The dimensions of an embedding are 1 or more.');
  const purpose = options.string('taskType');
  const title = options.string('title');
  return {
    task: 'embedding',
    model: readModel(place),
    stream: false,
    inputs: requests.map(textOf),
    ...(dimensions !== undefined && { dimensions }),
    encoding: 'float',
    ...(purpose !== undefined && { purpose }),
    ...(title !== undefined && { title }),
    native: { protocol: 'gemini', value: body },
  };
}

function textOf(request: Fields): string {
  const content = request.object('content') ?? request.missing('content');
  return content
    .objects('parts')
    .map((part) => part.requiredString('text'))
    .join('');
}
