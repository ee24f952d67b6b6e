import { writeUsage } from './usage.ts';
import { SEALED } from './words.ts';
import type { Completion } from '../../model/completion.ts';
import { GatewayFailure } from '../../model/errors.ts';
import type { GatewayError } from '../../model/errors.ts';
import { asArray, asObject, parseJson } from '../../model/json.ts';
import { NO_USAGE } from '../../model/usage.ts';
import type { PassingWhole, Reply, WholeAnswer } from '../codec.ts';
import { readTokenUsage } from '../openai-tokens.ts';

/**
 * The compacted context: one item that holds the summary, sealed (OR-70, OR-72).
 * @throws GatewayFailure when the summary is not whole: part of a conversation would be lost in silence
 */
export function encodeCompacted(completion: Completion, reply: Reply): WholeAnswer {
  const reason = completion.finish?.reason;
  const text = completion.blocks.map(({ head, text: written }) => (head.type === 'text' ? written : '')).join('');
  if ((reason !== 'stop' && reason !== 'stop-sequence') || text.trim() === '')
    throw new GatewayFailure(failed('The model did not finish the summary.'));
  const sealed = reply.seal?.(text);
  if (sealed === undefined) throw new GatewayFailure(failed('There is no key to seal a summary with.'));
  const item = { type: 'compaction', id: reply.mint('cmp'), encrypted_content: SEALED + sealed };
  const answer = {
    id: `resp_${reply.id}`,
    object: 'response.compaction',
    created_at: Math.trunc(reply.created),
    output: [item],
    usage: writeUsage(completion.usage ?? NO_USAGE),
  };
  return { contentType: 'application/json', body: JSON.stringify(answer) };
}

/** What an upstream's own compaction comes to; it passes as it came, as only its maker can open it. */
export function passCompacted(body: string): PassingWhole | undefined {
  try {
    const value = asObject(parseJson(body));
    const usage = readTokenUsage(value?.['usage']);
    const whole = value?.['object'] === 'response.compaction' && (asArray(value['output']) ?? []).length > 0;
    return whole && usage !== undefined ? { finish: 'stop', usage } : undefined;
  } catch {
    return undefined;
  }
}

function failed(message: string): GatewayError {
  return { kind: 'bad_response', message };
}
