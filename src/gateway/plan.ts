import type { Snapshot, Upstream } from '../config/snapshot.ts';
import { GatewayFailure, unsupported } from '../model/errors.ts';
import type { ProtocolId, WireId } from '../model/block.ts';
import { PROTOCOLS } from '../protocols/index.ts';
import { nearestFirst } from '../model/nearest.ts';
import type { Request } from '../model/request.ts';

/** Where a request goes: a model at one upstream, or the sandbox. */
export type Plan =
  | {
      readonly to: 'upstream';
      readonly upstream: Upstream;
      /** The upstream's own name of the model. */
      readonly model: string;
      readonly protocol: WireId;
    }
  | {
      readonly to: 'upstream';
      readonly upstream: Upstream;
      readonly model: string;
      readonly protocol: 'ai-sdk';
    }
  | {
      readonly to: 'sandbox';
      /** Sandbox model with its options, without the prefix. */
      readonly model: string;
      /** The client asked for this model, which nothing is configured for. */
      readonly standsInFor?: string;
      /** The upstream that cannot count tokens by itself. */
      readonly estimatesFor?: string;
    };

/** The name of who answers. */
export function originOf(plan: Plan): string {
  return plan.to === 'sandbox' ? 'sandbox' : plan.upstream.name;
}

/** The prefix of the embedded provider's models. */
export const SANDBOX_PREFIX = 'sandbox/';

/**
 * Finds where a model name leads: `provider/model`, the rest after the first slash going upstream as it is.
 * @param home the provider that is meant where the name has no prefix of a provider
 * @throws GatewayFailure `not_found` naming the nearest models when a provider is configured but the name leads nowhere.
 */
export function planRequest(request: Request, snapshot: Snapshot, home?: string): Plan {
  const { model } = request;
  if (model.startsWith(SANDBOX_PREFIX)) return { to: 'sandbox', model: model.slice(SANDBOX_PREFIX.length) };
  const slash = model.indexOf('/');
  const upstream = slash > 0 ? upstreamOf(model.slice(0, slash), snapshot) : undefined;
  const rest = model.slice(slash + 1);
  if (upstream !== undefined && rest !== '') return upstreamPlan(request, upstream, rest);
  const atHome = home === undefined ? undefined : upstreamOf(home, snapshot);
  if (atHome !== undefined) return upstreamPlan(request, atHome, model);
  if (snapshot.upstreams.size === 0) return { to: 'sandbox', model: standInFor(request), standsInFor: model };
  throw new GatewayFailure(unknownModel(model, snapshot));
}

function upstreamOf(prefix: string, { upstreams, aliases }: Snapshot): Upstream | undefined {
  return upstreams.get(prefix) ?? aliases.get(prefix);
}

function upstreamPlan({ task }: Request, upstream: Upstream, model: string): Plan {
  const protocol = protocolFor(task, upstream);
  if (task === 'count' && (protocol === 'ai-sdk' || PROTOCOLS[protocol].counts !== true))
    return { to: 'sandbox', model: 'echo', estimatesFor: upstream.name };
  return { to: 'upstream', upstream, model, protocol };
}

function protocolFor(task: Request['task'], upstream: Upstream): ProtocolId {
  const protocol = task === 'generation' || task === 'count' ? upstream.protocol : upstream.tasks[task];
  if (protocol === undefined)
    unsupported('model', `The provider '${upstream.name}' is not known to offer ${TASK_NAMES[task]}.`);
  return protocol;
}

const TASK_NAMES: Record<Request['task'], string> = {
  generation: 'text',
  count: 'text',
  speech: 'speech',
  transcription: 'transcriptions',
  embedding: 'embeddings',
  image: 'pictures',
  'image-edit': 'edited pictures',
  rerank: 'rankings',
  moderation: 'moderation',
};

function standInFor(request: Request): string {
  switch (request.task) {
    case 'speech':
      return 'voice';
    case 'transcription':
      return 'ear';
    case 'embedding':
      return 'embed';
    case 'generation':
      return request.tools.length > 0 ? 'tools' : 'echo';
    default:
      return 'echo';
  }
}

function unknownModel(model: string, snapshot: Snapshot): GatewayFailure['error'] {
  const providers = [...snapshot.upstreams.keys()];
  const known = [...snapshot.upstreams.values()].flatMap((upstream) =>
    upstream.models.map((name) => `${upstream.name}/${name}`),
  );
  const guesses = providers.map((name) => `${name}/${model.slice(model.indexOf('/') + 1)}`);
  const nearest = nearestFirst(model, [...new Set([...known, ...guesses, `${SANDBOX_PREFIX}echo`])]).slice(0, 3);
  return {
    kind: 'not_found',
    param: 'model',
    message:
      `The model '${model}' does not exist here. Model ids are 'provider/model'; the nearest: ${nearest.join(', ')}. ` +
      `Configured providers: ${providers.join(', ')}. To add one, name it under 'providers:' in streamweir.yaml or set its API key in the environment.`,
  };
}
