import { asArray } from '../../model/json.ts';
import type { PassedFormat } from '../passed-body.ts';
import { rankingUsage } from './usage.ts';

/** Rankings of documents by a query: `results` of `{index, relevance_score}`; one family of servers calls the list `data`. */
export const RANKINGS: PassedFormat = {
  protocol: 'cohere-rerank',
  tasks: ['rerank'],
  what: 'a ranking',
  holds: (answer) => (asArray(answer['results']) ?? asArray(answer['data'])) !== undefined,
  usage: rankingUsage,
};
