import { asArray, asObject, asString } from '../../model/json.ts';
import type { JsonObject } from '../../model/json.ts';
import type { NativeValue } from '../../model/block.ts';
import { readTokenUsage } from '../openai-tokens.ts';
import type { PassedFormat } from '../passed-body.ts';

/** Pictures: `{created, data: [{b64_json | url}], usage}`. */
export const PICTURES: PassedFormat = {
  protocol: 'openai-images',
  tasks: ['image', 'image-edit'],
  what: 'a picture',
  holds: (answer) => asArray(answer['data']) !== undefined,
  usage: (answer) => readTokenUsage(answer['usage']),
};

/** One event of a stream of pictures: its name, where it had one, and its data as it came, on one line. */
export interface PassedEvent {
  readonly event?: string;
  readonly data: string;
}

/** The event in a native value of this format. */
export function passedEvent({ protocol, value }: NativeValue): PassedEvent | undefined {
  const object = protocol === 'openai-images' ? asObject(value) : undefined;
  const data = asString(object?.['data']);
  const event = asString(object?.['event']);
  return data === undefined ? undefined : { data, ...(event !== undefined && { event }) };
}

/** Whether an event brings a picture that is done: `image_generation.completed`, `image_edit.completed`. */
export function isDone(type: string | undefined): boolean {
  return type?.endsWith('.completed') === true;
}

/** What is said of all pictures of an answer, in its events and beside them. */
export function aboutPictures(value: JsonObject): JsonObject {
  const keys = ['background', 'output_format', 'quality', 'size'].filter((key) => value[key] !== undefined);
  return Object.fromEntries(keys.map((key) => [key, value[key] ?? null]));
}
