import { dataFrame, namedFrame } from '../../framing/sse-writer.ts';
import type { NativeValue } from '../../model/block.ts';
import type { Event } from '../../model/event.ts';
import { asArray, asObject, parseJson } from '../../model/json.ts';
import type { JsonObject } from '../../model/json.ts';
import type { Encoder, Reply, Write } from '../codec.ts';
import { openAiError } from '../openai-error.ts';
import { passedBody } from '../passed-body.ts';
import { aboutPictures, passedEvent } from './words.ts';

/** Writes the stream of a client that wants pictures: each event as it came, with its name; a whole answer as one event for each picture. */
export class PictureEncoder implements Encoder {
  readonly #write: Write;
  readonly #type: string;
  readonly #created: number;
  #lost = 0;

  constructor(write: Write, reply: Reply) {
    this.#write = write;
    this.#type = reply.request.task === 'image-edit' ? 'image_edit.completed' : 'image_generation.completed';
    this.#created = reply.created;
  }

  get lost(): number {
    return this.#lost;
  }

  push(event: Event): void {
    switch (event.type) {
      case 'native':
        return this.#native(event.native);
      case 'start':
      case 'block-end':
      case 'usage': // stands in the event of the picture
      case 'finish': // the last picture is the end
        return;
      case 'block-start':
      case 'text-delta':
      case 'input-delta':
      case 'audio-delta':
      case 'vector':
      case 'annotation':
        this.#lost++;
        return;
      case 'error':
        this.#write(namedFrame('error', JSON.stringify({ type: 'error', error: openAiError(event.error) })));
        return;
      default:
        return event satisfies never;
    }
  }

  #native(native: NativeValue): void {
    const passed = passedEvent(native);
    const body = passedBody(native, 'openai-images');
    if (passed !== undefined)
      this.#write(passed.event === undefined ? dataFrame(passed.data) : namedFrame(passed.event, passed.data));
    else if (body !== undefined) this.#whole(asObject(parseJson(body)) ?? {});
    else this.#lost++;
  }

  #whole(answer: JsonObject): void {
    const { data, created, usage } = answer;
    const pictures = asArray(data) ?? [];
    for (const [index, picture] of pictures.entries()) {
      const done = {
        type: this.#type,
        ...asObject(picture),
        created_at: created ?? this.#created,
        ...aboutPictures(answer),
        // What all of them cost is told once.
        ...(index === pictures.length - 1 && usage !== undefined && { usage }),
      };
      this.#write(namedFrame(this.#type, JSON.stringify(done)));
    }
  }
}
