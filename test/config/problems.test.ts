import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { problemText } from '../../src/config/problem.ts';
import type { ConfigProblem } from '../../src/config/problem.ts';

function problems(text: string, env: Record<string, string> = {}): readonly ConfigProblem[] {
  const loaded = loadConfig({ file: 'a.yaml', text, env });
  return loaded.ok ? [] : loaded.problems;
}

const ENTRY = 'providers:\n  acme:\n    base_url: http://127.0.0.1:9000/v1\n';

// What is wrong, the text, then line and column of the place, and words of the message and of the mend.
const WRONG: readonly [string, string, number, number, RegExp, RegExp][] = [
  ['a duration without a unit', `${ENTRY}    timeout: 30\n`, 4, 5, /timeout.*unit/, /30s/],
  ['a duration in another unit', `${ENTRY}    timeout: 3w\n`, 4, 5, /not a duration/, /`5m`/],
  ['a duration out of range', `${ENTRY}    whole_timeout: 2h\n`, 4, 5, /out of range/, /15m/],
  ['a size without a unit', 'limits:\n  body: 40\n', 2, 3, /limits\.body.*unit/, /MB/],
  ['a count that is none', 'limits:\n  json_depth: many\n', 2, 3, /not a count/, /between 1 and 1000/],
  ['a misspelt key', `${ENTRY}    tiemout: 30s\n`, 4, 5, /providers\.acme\.tiemout/, /did you mean `timeout`/],
  ['a misspelt section', 'provider: {}\n', 1, 1, /unknown key `provider`/, /did you mean `providers`/],
  ['a key of no section', 'timers:\n  drian: 1s\n', 2, 3, /timers\.drian/, /did you mean `drain`/],
  ['an unknown protocol', `${ENTRY}    protocol: openai\n`, 4, 5, /"openai"/, /`openai-chat`/],
  ['no base URL', 'providers:\n  acme:\n    timeout: 3s\n', 2, 3, /no `base_url`/, /kind/],
  ['a base URL without a scheme', 'providers:\n  acme:\n    base_url: localhost:9\n', 3, 5, /http or https/, /https:/],
  ['a credential in a URL', 'providers:\n  a:\n    base_url: http://u:p@h/v1\n', 3, 5, /credential/, /api_key/],
  [
    'an endpoint for a base URL',
    'providers:\n  a:\n    base_url: http://h/v1/chat/completions\n',
    3,
    5,
    /endpoint/,
    /`http:\/\/h\/v1`/,
  ],
  ['the gateway itself', 'providers:\n  a:\n    base_url: http://localhost:8080/v1\n', 3, 5, /itself/, /port/],
  ['the reserved name', 'providers:\n  sandbox: {}\n', 2, 3, /`sandbox`/, /another name/],
  ['a slash in a name', 'providers:\n  a/b: { base_url: "http://h/v1" }\n', 2, 3, /first slash/, /letters/],
  ['a list for a map', 'providers: [acme]\n', 1, 1, /providers/, /map/],
  ['a word for a list', `${ENTRY}    models: large\n`, 4, 5, /models/, /list/],
  ['a number in a list of names', `${ENTRY}    models:\n      - a\n      - 7\n`, 6, 9, /models\.1.*not text/, /quotes/],
  ['a list at the top', '- 1\n', 1, 1, /./, /map/],
  ['a key twice', 'server: {}\nserver: {}\n', 2, 1, /unique/, /YAML/],
  ['broken YAML', 'server: { port: 1\n', 2, 1, /./, /YAML/],
  ['an alias of nothing', 'server: *x\n', 1, 9, /alias/, /\*name/],
  ['a variable in flow braces', 'server: { port: ${P} }\n', 1, 18, /./, /quotes/],
  ['a variable that is not set', 'data_dir: x${NOPE}\n', 1, 11, /NOPE is not set/, /NOPE:-default/],
  ['a variable without an end', 'data_dir: x${NOPE\n', 1, 11, /not a variable/, /\$\$\{/],
  ['a kind misspelt', `${ENTRY}    kind: opneai\n`, 4, 5, /kind.*"opneai"/, /nearest: `openai`(?:, `[\w-]+`){2}$/],
  ['a list for a text', `${ENTRY}    region: [eu]\n`, 4, 5, /region.*a list/, /write one text/],
  ['a name that is almost a row', 'providers:\n  opnai: {}\n', 2, 3, /no `base_url`/, /nearest: openai/],
  ['an open address', 'server:\n  host: 0.0.0.0\n', 2, 3, /0\.0\.0\.0/, /127\.0\.0\.1/],
  ['a port beyond the last', 'server:\n  port: 65536\n', 2, 3, /not a port/, /65535/],
];

describe('names the place and the mend', () => {
  test.each(WRONG)('%s', (_what, text, line, column, message, mend) => {
    const found = problems(text);
    expect(found).toMatchObject([{ file: 'a.yaml', line, column }]);
    expect(found[0]?.message).toMatch(message);
    expect(found[0]?.mend).toMatch(mend);
  });
});

test('all problems of a file are told at once, in the order of its lines', () => {
  const found = problems(`${ENTRY}    timeout: 30\n    x: 1\nlimits:\n  body: 1\ndata_dir: $\{NOPE}\n`);
  expect(found.map((problem) => problem.line)).toEqual([4, 5, 7, 8]);
});

test('what is wrong in the environment is told by the name of the variable', () => {
  const env = {
    PORT: 'http',
    HOST: '0.0.0.0',
    LOG_LEVEL: 'loud',
    OPENAI_BASE_URL: 'api.openai.com',
    GROQ_API_KEY_FILE: '/nonexistent/key',
  };
  const found = problems('', env);
  expect(found.every((problem) => problem.file === 'environment' && problem.line === undefined)).toBe(true);
  for (const name of Object.keys(env))
    expect(found.filter((problem) => problem.message.startsWith(`${name}:`))).toHaveLength(1);
});

test('a file that cannot be read is a problem, not a crash', () => {
  const loaded = loadConfig({ file: '/nonexistent/a.yaml', env: {} });
  expect(loaded.ok ? [] : loaded.problems).toMatchObject([{ file: '/nonexistent/a.yaml' }]);
});

test('any text whatever gives a snapshot or problems whose places are in the text', () => {
  const piece = fc.constantFrom(
    'providers',
    'acme',
    ':',
    ' ',
    '\n',
    '  ',
    '- ',
    '{',
    '}',
    '[',
    ']',
    '&a',
    '*a',
    '${',
    '}',
    '"',
    '30',
    'base_url',
    '!!x',
    '<<',
    '#',
    '?',
    '|',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(piece).map((pieces) => pieces.join('')),
      ),
      (text) => {
        const lines = text.split('\n');
        for (const { line = 0, column = 0 } of problems(text)) {
          expect(line).toBeGreaterThanOrEqual(1);
          expect(line).toBeLessThanOrEqual(lines.length);
          expect(column).toBeGreaterThanOrEqual(1);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('no problem and no warning holds a key', () => {
  const secret = 'sk-canary-5A1';
  const wrong = [
    `providers: { acme: { api_key: ${secret} } }`,
    `providers: { acme: { api_key: "${secret} x", base_url: x } }`,
    `providers: { acme: { api_key: [${secret}] } }`,
    'providers: { acme: { api_key: "${K}\\n", base_url: "http://h:1/v1", timeout: 3 } }',
  ];
  for (const text of wrong) {
    const loaded = loadConfig({ text, env: { K: `${secret}\u00e9`, OPENAI_API_KEY: `${secret} ${secret}` } });
    if (loaded.ok) throw new Error('expected to be refused');
    const told = [...loaded.problems, ...loaded.warnings].map(problemText).join('\n');
    expect(told).toContain('acme');
    expect(told).not.toContain('canary');
  }
});
