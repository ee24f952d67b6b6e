import type { Hosting } from '../protocols/codec.ts';

// What is asked of one deployment; the model of all else stays in the body, or there is none.
const OF_A_DEPLOYMENT =
  /^\/(completions|chat\/completions|embeddings|audio\/(transcriptions|translations|speech)|images\/(generations|edits))(\?|$)/;

/**
 * The path of a call where somebody else hosts the models: below a deployment that is named like the model and with a version,
 * `/deployments/{model}/chat/completions?api-version=…`, or below a project, `/projects/{project}/locations/{location}/publishers/…`.
 */
export function hostedPath(hosting: Hosting | undefined, model: string, path: string): string {
  switch (hosting?.style) {
    case 'azure': {
      const below = OF_A_DEPLOYMENT.test(path) ? `/deployments/${encodeURIComponent(model)}${path}` : path;
      return `${below}${path.includes('?') ? '&' : '?'}api-version=${encodeURIComponent(hosting.apiVersion)}`;
    }
    case 'vertex': {
      const [project, location] = [hosting.project, hosting.location].map(encodeURIComponent);
      return path.startsWith('/publishers/') ? `/projects/${project}/locations/${location}${path}` : path;
    }
    case 'bedrock':
    case undefined:
      return path;
    default:
      return hosting satisfies never;
  }
}
