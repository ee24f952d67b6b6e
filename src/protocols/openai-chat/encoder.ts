import { carriedExtra, carriedThought, sealedDetails, sealedExtra, writeAnnotation } from './seals.ts';
import { usageObject } from './usage.ts';
import { finishWord, gatewayStop } from './words.ts';
import { dataFrame, DONE_FRAME, lineSafe } from '../../framing/sse-writer.ts';
import type { Seal } from '../../model/block.ts';
import type { BlockHead, ChoiceFinish, Event } from '../../model/event.ts';
import { asObject } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { Usage } from '../../model/usage.ts';
import type { Encoder, Identity, Reply, Write } from '../codec.ts';
import { openAiError } from '../openai-error.ts';

type BlockEvent = Extract<Event, { index: number }>;
type ToolHead = Extract<BlockHead, { type: 'tool-call' }>;

interface Choice {
  readonly number: number;
  begun: boolean;
  calls: number;
}

interface Block {
  readonly head: BlockHead;
  readonly choice: Choice;
  /** Index of a tool call, dense per choice; -1 for a call the client cannot be told of. */
  readonly call: number;
  /** What was thought so far, for the seal that may come with its end. */
  thought: string;
}

/** What every chunk shows of itself (CC-01): the gateway's own, or in a passing stream the upstream's. */
export function identityOf(reply: Reply): Identity {
  const id = `chatcmpl-${reply.id}`;
  const { identity } = reply;
  if (identity === undefined)
    return { id, created: reply.created, model: reply.model, begun: new Set(), ended: new Set(), sealed: new Set() };
  return identity.id === '' ? { ...identity, id } : identity;
}

/** Whether the client asked in the old way, with `functions` instead of `tools`. */
export function isLegacy(body: JsonObject): boolean {
  return Array.isArray(body['functions']) && !Array.isArray(body['tools']);
}

/** The keys that reasoning text is written under (CC-20). */
export function reasoningKeys(reply: Reply): readonly string[] {
  const field = reply.options.chatReasoningField;
  if (field === 'both') return ['reasoning_content', 'reasoning'];
  return field === 'off' ? [] : [field];
}

/** Writes an answer as `chat.completion.chunk` events. All that is the same in every chunk is put together once. */
export class ChatEncoder implements Encoder {
  lost = 0;
  readonly #write: Write;
  readonly #reasoning: readonly string[];
  readonly #legacy: boolean;
  readonly #withUsage: boolean;
  /** `data: {… "choices":[` */
  readonly #head: string;
  /** What follows the delta of a chunk without a finish reason. */
  readonly #tail: string;
  readonly #lead: string;
  readonly #choices = new Map<number, Choice>();
  readonly #blocks: Block[] = [];
  /** Choices whose role has passed already, of a stream that passed up to here. */
  readonly #begun: ReadonlySet<number>;
  readonly #ended: ReadonlySet<number>;
  readonly #sealed: ReadonlySet<string>;
  #usage: Usage | undefined;

  constructor(write: Write, reply: Reply) {
    this.#write = write;
    this.#reasoning = reasoningKeys(reply);
    this.#legacy = isLegacy(reply.body);
    this.#withUsage = asObject(reply.body['stream_options'])?.['include_usage'] === true;
    const { id, created, model, begun, ended, sealed } = identityOf(reply);
    this.#begun = begun;
    this.#ended = ended;
    this.#sealed = sealed;
    const same = { id, object: 'chat.completion.chunk', created, model };
    this.#head = `data: ${lineSafe(JSON.stringify(same)).slice(0, -1)},"choices":[`;
    this.#tail = this.#withUsage ? '],"usage":null}\n\n' : ']}\n\n';
    this.#lead = `${this.#head}{"index":0,"delta":`;
  }

  push(event: Event): void {
    switch (event.type) {
      case 'start':
        return;
      case 'native':
        this.lost++;
        return;
      case 'usage':
        this.#usage = event.usage;
        return;
      case 'finish':
        this.#finish(event);
        return;
      case 'error':
        // CC-25: without `choices`, and without `[DONE]`, which means that the answer is complete.
        this.#write(dataFrame(JSON.stringify({ error: openAiError(event.error) })));
        return;
      case 'block-start':
        this.#open(event.index, event.block);
        return;
      default:
        this.#inBlock(event);
    }
  }

  #open(index: number, head: BlockHead): void {
    const number = head.choice ?? 0;
    let choice = this.#choices.get(number);
    if (choice === undefined) {
      choice = { number, begun: false, calls: 0 };
      this.#choices.set(number, choice);
    }
    const told = head.type === 'tool-call' && !(this.#legacy && choice.calls > 0);
    this.#blocks[index] = { head, choice, call: told ? choice.calls++ : -1, thought: '' };
    if (head.type === 'media' && head.media !== 'audio') this.lost++;
    if (head.type !== 'tool-call') return;
    if (told) this.#delta(choice, this.#opener(head, choice.calls - 1));
    else this.lost++;
  }

  #opener(head: ToolHead, index: number): string {
    const { id, name } = head;
    if (this.#legacy) return JSON.stringify({ function_call: { name, arguments: '' } });
    return JSON.stringify({
      tool_calls: [
        head.custom === true
          ? { index, id, type: 'custom', custom: { name, input: '' } }
          : { index, id, type: 'function', function: { name, arguments: '' } },
      ],
    });
  }

  #inBlock(event: Exclude<BlockEvent, { type: 'block-start' }>): void {
    const block = this.#blocks[event.index];
    if (block === undefined) return;
    switch (event.type) {
      case 'text-delta':
        this.#text(block, event.text, event.logprobs);
        return;
      case 'input-delta':
        if (block.call >= 0) this.#delta(block.choice, this.#input(block, JSON.stringify(event.json)));
        return;
      case 'audio-delta':
        this.#audio(block, 'data', event.base64);
        return;
      case 'annotation': {
        const annotation = writeAnnotation(event.annotation);
        if (annotation === undefined) this.lost++;
        else this.#delta(block.choice, JSON.stringify({ annotations: [annotation] }));
        return;
      }
      case 'vector':
        this.lost++;
        return;
      case 'block-end':
        if (event.seal !== undefined) this.#seal(block, event.seal);
        return;
      default:
        return event satisfies never;
    }
  }

  #text(block: Block, text: string, logprobs: readonly Json[] | undefined): void {
    const { head, choice } = block;
    const piece = JSON.stringify(text);
    switch (head.type) {
      case 'text':
      case 'refusal': {
        const content = head.type === 'text';
        const tokens =
          logprobs &&
          JSON.stringify(content ? { content: logprobs, refusal: null } : { content: null, refusal: logprobs });
        this.#delta(choice, content ? `{"content":${piece}}` : `{"refusal":${piece}}`, tokens);
        return;
      }
      case 'reasoning':
      case 'reasoning-summary':
        block.thought += text;
        if (this.#reasoning.length > 0)
          this.#delta(choice, `{${this.#reasoning.map((key) => `"${key}":${piece}`).join(',')}}`);
        return;
      case 'media':
        this.#audio(block, 'transcript', text);
        return;
      case 'tool-call':
        return;
      case 'vector':
        return;
      default:
        head satisfies never;
    }
  }

  #input({ head, call }: Block, piece: string): string {
    if (this.#legacy) return `{"function_call":{"arguments":${piece}}}`;
    const custom = head.type === 'tool-call' && head.custom === true;
    return custom
      ? `{"tool_calls":[{"index":${call},"custom":{"input":${piece}}}]}`
      : `{"tool_calls":[{"index":${call},"function":{"arguments":${piece}}}]}`;
  }

  #audio({ head, choice }: Block, key: 'data' | 'transcript', piece: string): void {
    if (head.type !== 'media' || head.media !== 'audio') return;
    const id = head.itemId === undefined ? {} : { id: head.itemId };
    this.#delta(choice, JSON.stringify({ audio: { ...id, [key]: piece } }));
  }

  /** CC-21: what upstreams need back next turn goes to the client under this format's own names; what others sealed in an envelope. */
  #seal(block: Block, seal: Seal): void {
    const { head, choice, call } = block;
    if (head.type === 'tool-call') {
      const extra = seal.protocol === 'openai-chat' ? sealedExtra(seal) : carriedExtra(seal);
      // Strict clients demand the body of a call in every piece of it.
      const body = head.custom === true ? { custom: { input: '' } } : { function: { arguments: '' } };
      if (extra !== undefined && call >= 0 && !this.#legacy)
        this.#delta(choice, JSON.stringify({ tool_calls: [{ index: call, ...body, extra_content: extra }] }));
      else this.lost++;
      return;
    }
    const details =
      seal.protocol === 'openai-chat' ? sealedDetails(seal) : [carriedThought(seal, head.type, block.thought)];
    if (details === undefined || this.#reasoning.length === 0) {
      this.lost++;
      return;
    }
    const left = details.filter((detail) => !this.#sealed.has(JSON.stringify(detail)));
    if (left.length > 0) this.#delta(choice, JSON.stringify({ reasoning_details: left }));
  }

  /** Writes one chunk, the role before it in the same write when it is the choice's first (CC-02). `json` is the delta. */
  #delta(choice: Choice, json: string, logprobs?: string): void {
    if (this.#ended.has(choice.number)) return;
    const lead = choice.number === 0 ? this.#lead : this.#leadOf(choice.number);
    const tokens = logprobs === undefined ? '' : `"logprobs":${lineSafe(logprobs)},`;
    const chunk = `${lead}${lineSafe(json)},${tokens}"finish_reason":null}${this.#tail}`;
    this.#write(
      this.#hasBegun(choice)
        ? chunk
        : this.#role(choice, json.startsWith('{"tool_calls"') || json.startsWith('{"function_call"')) + chunk,
    );
  }

  #role(choice: Choice, callFirst: boolean): string {
    choice.begun = true;
    const content = callFirst ? 'null' : '""';
    return `${this.#leadOf(choice.number)}{"role":"assistant","content":${content}},"finish_reason":null}${this.#tail}`;
  }

  #hasBegun(choice: Choice): boolean {
    return choice.begun || this.#begun.has(choice.number);
  }

  #leadOf(number: number): string {
    return `${this.#head}{"index":${number},"delta":`;
  }

  #finish(event: Extract<Event, { type: 'finish' }>): void {
    let text = this.#finishChunk({ ...event, choice: 0 }, event.stopSequence);
    for (const other of event.others ?? []) text += this.#finishChunk(other);
    if (this.#withUsage && this.#usage !== undefined)
      text += `${this.#head}],"usage":${lineSafe(JSON.stringify(usageObject(this.#usage)))}}\n\n`;
    this.#write(text + DONE_FRAME);
  }

  #finishChunk({ choice: number, reason, raw }: ChoiceFinish, sequence?: string): string {
    if (this.#ended.has(number)) return '';
    const choice = this.#choices.get(number) ?? { number, begun: false, calls: 0 };
    const role = this.#hasBegun(choice) ? '' : this.#role(choice, false);
    const word = finishWord(reason, choice.calls > 0, this.#legacy);
    const stop = gatewayStop(reason, raw);
    const own = stop === undefined ? '' : `,"x_gateway":${lineSafe(JSON.stringify({ stop }))}`;
    const echo = sequence === undefined ? '' : `,"stop_reason":${lineSafe(JSON.stringify(sequence))}`;
    return `${role}${this.#leadOf(number)}{},"finish_reason":"${word}"${echo}}]${own}${this.#tail.slice(1)}`;
  }
}
