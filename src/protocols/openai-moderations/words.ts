import { asArray } from '../../model/json.ts';
import { readTokenUsage } from '../openai-tokens.ts';
import type { PassedFormat } from '../passed-body.ts';

/** Judgements of texts and pictures: `{id, model, results: [{flagged, categories, …}]}`. */
export const MODERATIONS: PassedFormat = {
  protocol: 'openai-moderations',
  tasks: ['moderation'],
  what: 'a moderation result',
  holds: (answer) => asArray(answer['results']) !== undefined,
  usage: (answer) => readTokenUsage(answer['usage']),
};
