import { isPlain } from './decoder.ts';
import { wantsList } from './encoder.ts';
import { hasCounts } from './usage.ts';
import type { Frame } from '../../framing/frame.ts';
import { asArray, asObject, parseJson } from '../../model/json.ts';
import type { JsonObject } from '../../model/json.ts';
import type { Judgement, Passage, Reply } from '../codec.ts';

/**
 * Lets messages pass to a client of this format as they came: its own words for ends, blocked prompts and parts are what it reads best. Only an
 * identity that is missing or changes is mended (GM-03), and a marker that the format has not is dropped (GM-07).
 */
export class GeminiPassage implements Passage {
  open = true;
  textKey = '"text":"';
  readonly #id: string;
  readonly #model: string;
  readonly #list: boolean;
  #judged: JsonObject | undefined;

  constructor(reply: Reply) {
    const { identity } = reply;
    this.#id = identity === undefined || identity.id === '' ? reply.id : identity.id;
    this.#model = identity?.model ?? reply.model;
    this.#list = wantsList(reply);
  }

  get isPlainText(): boolean {
    const [candidate, ...others] = asArray(this.#judged?.['candidates']) ?? [];
    const only = asObject(candidate);
    const usage = asObject(this.#judged?.['usageMetadata']);
    return only !== undefined && others.length === 0 && isPlain(only) && !(usage !== undefined && hasCounts(usage));
  }

  judge(frame: Frame): Judgement {
    if (this.#list) return 'encode';
    const message = messageIn(frame.data);
    this.#judged = message;
    if (message === undefined) return 'drop';
    this.textKey = frame.data.includes('"text": "') ? '"text": "' : '"text":"';
    if ((asArray(message['candidates']) ?? []).some((each) => 'finishReason' in (asObject(each) ?? {})))
      this.open = false;
    if (message['responseId'] === this.#id && message['modelVersion'] === this.#model) return 'pass';
    return { json: JSON.stringify({ ...message, modelVersion: this.#model, responseId: this.#id }) };
  }

  // Whatever ends a stream of this format has passed.
  closing(): string {
    return '';
  }
}

function messageIn(data: string): JsonObject | undefined {
  try {
    return asObject(parseJson(data));
  } catch {
    return undefined;
  }
}
