import type { OutgoingHttpHeaders } from 'node:http';
import type { Dropped } from './ask.ts';
import { originOf } from './plan.ts';
import type { Plan } from './plan.ts';
import type { Call } from './receive.ts';
import { requestIds } from './request-ids.ts';

/** The headers of an answer that tell where it comes from, what that took, and what could not be asked. */
export function answerHeaders(
  { requestId, dialect }: Pick<Call, 'requestId' | 'dialect'>,
  plan: Plan,
  attempts: number,
  dropped: Dropped,
): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = requestIds(requestId, dialect);
  headers['streamweir-attempts'] = String(attempts);
  headers['streamweir-provider'] = originOf(plan);
  if (plan.to === 'sandbox' && plan.standsInFor !== undefined)
    headers['streamweir-sandbox'] = 'no provider is configured';
  if (plan.to === 'sandbox' && plan.estimatesFor !== undefined)
    headers['streamweir-sandbox'] = `estimates for ${plan.estimatesFor}, which does not count`;
  const { tools, features } = dropped;
  if (tools.length > 0) headers['streamweir-dropped-tools'] = tools.join(',');
  if (features.length > 0) headers['streamweir-dropped'] = features.join(',');
  return headers;
}
