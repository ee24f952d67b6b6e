/** A body as JSON. */
export type Body = Readonly<Record<string, unknown>>;

/** What the scenarios ask for and tell; each value is found nowhere else. */
export const MARK = {
  system: 'You are the mark of a system prompt.',
  parts: ['The first part, é 日本. ', 'The second part.'],
  image: 'dGhlIHBpY3R1cmUgb2YgdGhlIG1hcms=',
  document: 'JVBERi0xLjQgdGhlIGRvY3VtZW50IG9mIHRoZSBtYXJr',
  audio: 'UklGRiB0aGUgc291bmQgb2YgdGhlIG1hcms=',
  result: 'The result of the mark: "21 °C"',
  callId: 'call_mark1',
  args: '{"city":"Zürich"}',
  stop: '<stop-mark>',
  temperature: 0.25,
  topP: 0.75,
  topK: 37,
  seed: 424_242,
  budget: 4096,
  hinted: 'A long text that is worth keeping in a cache.',
} as const;

/** Two tools, of which the second is the one that is named. */
export const TOOLS = [
  {
    name: 'get_weather',
    description: 'Tells the weather of the mark.',
    schema: {
      type: 'object',
      properties: { city: { type: 'string', description: 'where' } },
      required: ['city'],
      additionalProperties: false,
    },
  },
  {
    name: 'get_time',
    description: 'Tells the time.',
    schema: { type: 'object', properties: {}, additionalProperties: false },
  },
] as const;

/** The form that an answer is held to. */
export const SCHEMA = {
  type: 'object',
  properties: { verdict_mark: { type: 'string' } },
  required: ['verdict_mark'],
  additionalProperties: false,
} as const;

/** A text with what only real languages have. */
export const PLAIN = 'Go on, please.';
