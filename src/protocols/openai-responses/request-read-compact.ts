import { decodeRequest } from './request-read.ts';
import { ID } from './words.ts';
import type { Block } from '../../model/block.ts';
import { Fields } from '../../model/fields.ts';
import type { JsonObject } from '../../model/json.ts';
import type { Generation, Turn } from '../../model/request.ts';

const TASK =
  'You are given a conversation between a user and an assistant. Write the summary that will take its place: the assistant goes on from ' +
  'your text alone. Keep every decision, fact, name, number, file, open question and promise, what tools gave back as far as it still ' +
  'matters, and what the user wants next. Leave out greetings and repetitions. Write nothing but the summary.';

/**
 * Reads the body of `POST /v1/responses/compact` as a request for a summary (OR-69, OR-72). The conversation is told in one turn, because
 * calls without their results, or without the tools they were made with, are refused by many targets.
 */
export function decodeCompact(body: JsonObject): Generation {
  const fields = new Fields(body);
  fields.requiredString('model');
  const { store: _store, stream: _stream, ...asked } = body;
  const { model, turns, cacheKey } = decodeRequest(asked);
  return {
    task: 'generation',
    model,
    stream: false,
    compacts: true,
    turns: [
      { role: 'system', blocks: [{ type: 'text', text: TASK }] },
      { role: 'user', blocks: turns.flatMap(told) },
    ],
    tools: [],
    sampling: {},
    stop: [],
    ...(cacheKey !== undefined && { cacheKey }),
    native: { protocol: ID, value: body },
  };
}

function told({ role, blocks }: Turn): readonly Block[] {
  return [{ type: 'text', text: `[${role}]` }, ...blocks.flatMap(toldBlock)];
}

function toldBlock(block: Block): readonly Block[] {
  switch (block.type) {
    case 'text':
    case 'refusal':
      return [{ type: 'text', text: block.text }];
    case 'reasoning':
    case 'reasoning-summary':
      return [];
    case 'tool-call':
      return [{ type: 'text', text: `(called the tool ${block.name} with ${block.input})` }];
    case 'tool-result':
      return [
        { type: 'text', text: block.failed ? '(the tool failed with)' : '(the tool gave back)' },
        ...block.output.flatMap(toldBlock),
      ];
    case 'media':
      return [block];
    case 'native':
      return [{ type: 'text', text: `(${JSON.stringify(block.native.value)})` }];
    default:
      return block satisfies never;
  }
}
