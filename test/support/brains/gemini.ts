import type { Peek } from '../peek.ts';
import { refuse } from './mind.ts';
import type { Ask, Memory, Mind, Wish } from './mind.ts';
import { isObject, keysOf, oneKey, onlyKeys } from './demands.ts';
import { writeContent } from './gemini-write.ts';

const TOP =
  'contents systemInstruction system_instruction tools toolConfig tool_config generationConfig generation_config safetySettings ' +
  'safety_settings cachedContent cached_content labels model serviceTier store';
const GENERATION =
  'stopSequences responseMimeType responseSchema responseJsonSchema _responseJsonSchema responseFormat responseModalities ' +
  'candidateCount maxOutputTokens temperature topP topK seed presencePenalty frequencyPenalty responseLogprobs logprobs ' +
  'enableEnhancedCivicAnswers speechConfig thinkingConfig imageConfig mediaResolution audioTimestamp routingConfig';
const DATA =
  'text inlineData functionCall functionResponse fileData executableCode codeExecutionResult toolCall toolResponse';
const BESIDE = 'thought thoughtSignature partMetadata mediaResolution videoMetadata';
const SCHEMA =
  'type format title description nullable enum maxItems minItems properties required minProperties maxProperties minLength ' +
  'maxLength pattern example anyOf propertyOrdering default items minimum maximum';

/**
 * A server of contents that thinks. Calls of its older models have no ids, so what names them is the signature beside the first, which must come
 * back on the very part; answers to calls are matched by name and order. Newer models' calls have ids, which their answers name.
 */
export const GEMINI_MIND: Mind = {
  callId: (number, at) => `call-${at}-${number}`,
  judge,
  write: writeContent,
  refusal: ({ message }) => ({
    headers: {},
    body: JSON.stringify({ error: { code: 400, message, status: 'INVALID_ARGUMENT' } }, null, 2),
  }),
};

function unknown(path: string): (key: string) => string {
  return (key) => `Invalid JSON payload received. Unknown name "${key}" at '${path}': Cannot find field.`;
}

function judge({ path, query, headers, body }: Ask, memory: Memory): Wish {
  const method = /^\/v1beta\/models\/[^/:]+:(generateContent|streamGenerateContent)$/.exec(path)?.[1];
  if (method === undefined) refuse(`There is no ${path}.`);
  if (headers['x-goog-api-key'] === undefined && headers.authorization === undefined)
    refuse('Method doesn’t allow unregistered callers. Please use API Key.');
  if (query.has('key')) refuse('The key travels in the address, where logs see it.');
  onlyKeys(body, TOP, unknown(''));
  onlyKeys(body.at('generationConfig'), GENERATION, unknown('generation_config'));
  const contents = body.at('contents').list;
  if (contents.length === 0) refuse('* GenerateContentRequest.contents: contents is not specified');
  for (const [at, content] of contents.entries()) judgeContent(content, at);
  const turns = merged(contents);
  for (const at of turns.keys()) judgeCalls(turns, at, memory, path.includes('gemini-3'));
  const offered = body.at('tools').list.flatMap((tool) => tool.at('functionDeclarations').list);
  for (const [at, tool] of offered.entries()) judgeTool(tool, at);
  const thinking = body.at('generationConfig', 'thinkingConfig');
  const answers = (turns.at(-1)?.parts ?? []).filter((part) => part.has('functionResponse'));
  return {
    stream: method === 'streamGenerateContent',
    // Models of this kind always think.
    thinks: thinking.at('includeThoughts').value === true ? 'told' : 'sealed',
    offers: offered.map((tool) => tool.at('name').text),
    results: answers.map((answer) => resultOf(answer.at('functionResponse', 'response'))),
  };
}

function judgeContent(content: Peek, at: number): void {
  onlyKeys(content, 'role parts', unknown(`contents[${at}]`));
  if (!['user', 'model', ''].includes(content.at('role').text)) refuse('Please use a valid role: user, model.');
  const parts = partsOf(content);
  if (parts.length === 0) refuse(`* GenerateContentRequest.contents[${at}].parts: contents.parts must not be empty.`);
  for (const [place, part] of parts.entries()) {
    const path = `contents[${at}].parts[${place}]`;
    onlyKeys(part, `${DATA} ${BESIDE}`, unknown(path));
    const kind = oneKey(part, DATA, `* GenerateContentRequest.${path}.data: required oneof field 'data' must have one`);
    if (kind === 'functionCall') onlyKeys(part.at(kind), 'id name args', unknown(`${path}.function_call`));
    if (kind !== 'functionResponse') continue;
    onlyKeys(part.at(kind), 'id name response parts willContinue scheduling', unknown(`${path}.function_response`));
    if (!isObject(part.at(kind, 'response')))
      refuse(`Invalid value at '${path}.function_response.response' (type.googleapis.com/google.protobuf.Struct)`);
  }
}

interface Turn {
  readonly role: string;
  readonly parts: Peek[];
}

// Neighbours of one role are one turn: the official clients send back a streamed answer as one content for each chunk.
function merged(contents: readonly Peek[]): readonly Turn[] {
  const turns: Turn[] = [];
  for (const content of contents) {
    const role = content.at('role').text === 'model' ? 'model' : 'user';
    const last = turns.at(-1);
    if (last?.role === role) last.parts.push(...partsOf(content));
    else turns.push({ role, parts: [...partsOf(content)] });
  }
  return turns;
}

function judgeCalls(turns: readonly Turn[], at: number, memory: Memory, named: boolean): void {
  const of = (place: number, kind: string): readonly Peek[] =>
    (turns[place]?.parts ?? []).filter((part) => part.has(kind));
  const calls = of(at, 'functionCall');
  const answers = of(at, 'functionResponse');
  if (calls.length > 0) {
    if (turns[at]?.role !== 'model') refuse('Function calls belong to the role model.');
    if (at === 0)
      refuse(
        'Please ensure that function call turn comes immediately after a user turn or after a function response turn.',
      );
    if (of(at + 1, 'functionResponse').length === 0)
      refuse('Please ensure that function response turn comes immediately after a function call turn.');
    judgeSignatures(calls, memory, named);
  }
  if (answers.length === 0) return;
  const asked = of(at - 1, 'functionCall');
  if (asked.length !== answers.length)
    refuse(
      'Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.',
    );
  for (const [place, answer] of answers.entries()) {
    if (answer.at('functionResponse', 'name').text !== asked[place]?.at('functionCall', 'name').text)
      refuse('Please ensure that the names of function responses are those of the calls.');
    if (answer.at('functionResponse', 'id').text !== asked[place]?.at('functionCall', 'id').text)
      refuse('Please ensure that the ids of function responses are those of the calls.');
  }
}

// Only the first call of a turn is signed.
function judgeSignatures(calls: readonly Peek[], memory: Memory, named: boolean): void {
  const [first] = calls;
  const name = first?.at('functionCall', 'name').text ?? '';
  const signature = first?.at('thoughtSignature').text ?? '';
  if (signature === '')
    refuse(
      `Function call is missing a thought_signature in functionCall parts. Additional data, function call \`${name}\`.`,
    );
  const said = memory.bySeal.get(signature) ?? refuse('Invalid thought signature.');
  if (said.calls[0]?.name !== name) refuse('Corrupted thought signature.');
  for (const [at, call] of calls.entries()) {
    const made = said.calls[at];
    const id = call.at('functionCall', 'id').text;
    if (call.at('functionCall', 'name').text !== made?.name) refuse('The calls of the turn were changed.');
    if (JSON.stringify(call.at('functionCall', 'args').value) !== made.args.join(''))
      refuse('The arguments of the call were changed.');
    // An id that a client made up for a call without one is nobody's business.
    if (named && id !== made.id) refuse(`The call ${made.id} came back as '${id}'.`);
  }
}

function judgeTool(tool: Peek, at: number): void {
  const path = `tools[0].function_declarations[${at}]`;
  const known = 'name description parameters parametersJsonSchema response responseJsonSchema behavior';
  onlyKeys(tool, known, unknown(path));
  if (!/^[A-Za-z_][\w.:-]{0,127}$/.test(tool.at('name').text)) refuse(`Invalid function name at ${path}`);
  if (tool.has('parameters')) judgeSchema(tool.at('parameters'), `${path}.parameters`);
}

function judgeSchema(schema: Peek, path: string): void {
  onlyKeys(schema, SCHEMA, unknown(path));
  const properties = schema.at('properties');
  for (const name of keysOf(properties)) judgeSchema(properties.at(name), `${path}.properties`);
  if (schema.has('items')) judgeSchema(schema.at('items'), `${path}.items`);
  for (const each of schema.at('anyOf').list) judgeSchema(each, `${path}.any_of`);
}

function partsOf(content: Peek | undefined): readonly Peek[] {
  return content?.at('parts').list ?? [];
}

// The model sees all of the object; `output` and `error` are the keys the documentation names.
function resultOf(response: Peek): string {
  const [key, ...more] = keysOf(response);
  const only = response.at(key ?? '').value;
  return more.length === 0 && typeof only === 'string' ? only : JSON.stringify(response.value);
}
