import { ownBody, translate } from './request-write.ts';
import { isForeignThinking } from './seals.ts';
import { asArray, asObject } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { Request } from '../../model/request.ts';
import type { BodyPatch, Hosting, Target, UpstreamRequest } from '../codec.ts';

const VERSION = '2023-06-01';
const HOSTED_VERSION: Partial<Record<Hosting['style'], string>> = {
  vertex: 'vertex-2023-10-16',
  bedrock: 'bedrock-2023-05-31',
};

/** Where a request goes below the base URL; hosts that serve many makers name the model there. */
export function path(request: Request, { model, stream, hosting }: Target): string {
  const count = request.task === 'count';
  switch (hosting?.style) {
    case 'vertex': {
      // Versions of models stand behind an at sign, which a path may hold.
      const name = count ? 'count-tokens' : encodeURIComponent(model).replaceAll('%40', '@');
      return `/publishers/anthropic/models/${name}:${stream && !count ? 'streamRawPredict' : 'rawPredict'}`;
    }
    case 'bedrock': {
      const verb = count ? 'count-tokens' : stream ? 'invoke-with-response-stream' : 'invoke';
      return `/model/${encodeURIComponent(model)}/${verb}`;
    }
    default:
      return count ? '/messages/count_tokens' : '/messages';
  }
}

/** The version of the format, where it is not told in the body. */
export function headers(_request: Request, { hosting }: Target): Readonly<Record<string, string>> {
  // There it names the one type that is wanted of the model.
  if (hosting?.style === 'bedrock') return { accept: 'application/json' };
  return isHosted(hosting) ? {} : { 'anthropic-version': VERSION };
}

/** The body that goes upstream: the client's own with few keys exchanged when it came in this format (UP-09), else a translation. */
export function encodeRequest(request: Request, target: Target): UpstreamRequest {
  const own = ownBody(request);
  if (own !== undefined) return { body: JSON.stringify({ ...own, ...patch(request, target) }) };
  const { body, lost } = translate(request, target);
  const streams = target.stream && request.task !== 'count' ? { stream: true } : {};
  const whole = { model: target.model, ...body, ...streams };
  return { body: JSON.stringify({ ...whole, ...placed(whole, request, target) }), ...(lost.length > 0 && { lost }) };
}

/** What changes in a body of this format on its way upstream: the model, how it is streamed, and thinking that its makers never signed. */
export function patch(request: Request, target: Target): BodyPatch {
  const value = ownBody(request) ?? {};
  const streams = value['stream'] === true;
  const stream = request.task !== 'count' && streams !== target.stream ? { stream: target.stream } : {};
  const changed = { model: target.model, ...stream, ...withoutForeign(value['messages']) };
  return { ...changed, ...placed({ ...value, ...changed }, request, target) };
}

function isHosted(hosting: Hosting | undefined): boolean {
  return hosting !== undefined && HOSTED_VERSION[hosting.style] !== undefined;
}

/** The keys by which a body differs where others host the models. */
function placed(body: JsonObject, { task }: Request, { hosting, betas = [] }: Target): BodyPatch {
  const version = hosting === undefined ? undefined : HOSTED_VERSION[hosting.style];
  if (version === undefined) return {};
  // Counting is told the model in the body also here.
  if (task === 'count' && hosting?.style === 'vertex') return { anthropic_version: undefined };
  const where = { model: undefined, anthropic_version: version };
  if (hosting?.style !== 'bedrock') return where;
  const hosted = { ...where, stream: undefined, ...(betas.length > 0 && { anthropic_beta: betas }) };
  return task === 'count' ? counted({ ...body, ...hosted }) : hosted;
}

/** There a count is asked for with a whole request in an envelope, limit included. */
function counted(body: BodyPatch): BodyPatch {
  const inner = Buffer.from(JSON.stringify({ max_tokens: 1, ...body })).toString('base64');
  const gone = Object.fromEntries(Object.keys(body).map((key) => [key, undefined]));
  return { ...gone, input: { invokeModel: { body: inner } } };
}

/** The messages without thinking of other makers, which these would refuse; nothing when there is none (MS-05). */
function withoutForeign(messages: Json | undefined): BodyPatch {
  const list = asArray(messages) ?? [];
  let changed = false;
  const kept = list.flatMap((message): readonly Json[] => {
    const content = asArray(asObject(message)?.['content']);
    if (content === undefined) return [message];
    const rest = content.filter((block) => !isForeignThinking(asObject(block) ?? {})).map(citedTruly);
    if (rest.length === content.length && rest.every((block, index) => block === content[index])) return [message];
    changed = true;
    return rest.length === 0 ? [] : [{ ...asObject(message), content: rest }];
  });
  return changed ? { messages: kept } : {};
}

// A citation that the gateway wrote for another format's has no index, and is refused.
function citedTruly(value: Json): Json {
  const block = asObject(value);
  const citations = asArray(block?.['citations']);
  if (block === undefined || citations === undefined) return value;
  const kept = citations.filter((citation) => asObject(citation)?.['encrypted_index'] !== '');
  if (kept.length === citations.length) return value;
  const { citations: _citations, ...rest } = block;
  return kept.length === 0 ? rest : { ...rest, citations: kept };
}
