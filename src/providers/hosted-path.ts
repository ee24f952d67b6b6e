import type { Hosting } from '../protocols/codec.ts';

// What is asked of one deployment; the model of all else stays in the body, or there is none.
const OF_A_DEPLOYMENT =
  /^\/(completions|chat\/completions|embeddings|audio\/(transcriptions|translations|speech)|images\/(generations|edits))(\?|$)/;

/**
 * The path of a call where somebody hosts models under names of their own: `/deployments/{model}/chat/completions?api-version=…`. The other
 * styles differ in their formats' own paths.
 */
export function hostedPath(hosting: Hosting | undefined, model: string, path: string): string {
  if (hosting?.style !== 'azure') return path;
  const below = OF_A_DEPLOYMENT.test(path) ? `/deployments/${encodeURIComponent(model)}${path}` : path;
  return `${below}${path.includes('?') ? '&' : '?'}api-version=${encodeURIComponent(hosting.apiVersion)}`;
}
