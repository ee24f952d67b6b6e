import type { Generation } from '../../model/request.ts';

/** What of a request may be left out where plain text is completed, each once; what would change its meaning is refused before. */
export function lostOf(request: Generation): readonly string[] {
  const lost: string[] = [];
  if (request.sampling.topK !== undefined) lost.push('top_k');
  if (request.serviceTier !== undefined) lost.push('service_tier');
  if (request.metadata !== undefined) lost.push('metadata');
  if (request.cacheKey !== undefined) lost.push('prompt_cache_key');
  const hinted = request.turns.some(({ blocks }) => blocks.some((block) => 'cache' in block));
  if (hinted) lost.push('cache_control');
  return lost;
}
