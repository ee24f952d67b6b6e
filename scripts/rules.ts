import { coverage } from '../test/quality/titles.ts';
import { readText } from '../test/quality/tree.ts';

/** One numbered rule of the wire references. */
export interface Rule {
  /** Family and number: `CC-07`. */
  readonly id: string;
  /** What it asks for, in short. */
  readonly title: string;
  /** What it waits for, when it cannot be kept before that exists. */
  readonly later?: string;
}

const FAMILIES: Record<string, string> = {
  OR: 'Responses',
  WD: 'Every stream',
  CC: 'Chat completions',
  LC: 'Legacy completions',
  MS: 'Messages',
  GM: 'Gemini',
  SP: 'Speech',
  TR: 'Transcription',
  EM: 'Embeddings',
  ML: 'Model lists',
  UP: 'Upstreams',
};

/** Where the list is kept by hand; `docs/rules.md` is made from it and from the titles of the tests. */
export const RULES: readonly Rule[] = JSON.parse(readText('docs/rules.json')) as readonly Rule[];

/** Rules that no test names and that wait for nothing. */
export function missingRules(): readonly Rule[] {
  const covered = coverage();
  return RULES.filter((rule) => rule.later === undefined && !covered.has(rule.id));
}

/** The text of `docs/rules.md`. */
export function rulesPage(): string {
  const covered = coverage();
  const missing = missingRules().length;
  const later = RULES.filter((rule) => rule.later !== undefined && !covered.has(rule.id)).length;
  const lines = [
    '# Rules of the wire',
    '',
    'Made by `npm run generate` from `docs/rules.json` and the titles of the tests; do not edit.',
    '',
    `${RULES.length} rules: ${RULES.length - missing - later} covered, ${later} later, ${missing} missing.`,
  ];
  for (const [family, name] of Object.entries(FAMILIES)) {
    lines.push('', `## ${name} (${family})`, '', '| rule | what it asks for | state | tests |', '|---|---|---|---|');
    for (const rule of RULES.filter((each) => each.id.startsWith(`${family}-`)))
      lines.push(row(rule, covered.get(rule.id)));
  }
  return `${lines.join('\n')}\n`;
}

function row(rule: Rule, files: readonly string[] | undefined): string {
  const tests = (files ?? []).map((file) => `[${file.replace(/^test\/|\.test\.ts$/g, '')}](../${file})`).join(', ');
  const waits = rule.later === undefined ? '**missing**' : `later: ${rule.later}`;
  return `| ${rule.id} | ${rule.title} | ${files === undefined ? waits : 'covered'} | ${tests} |`;
}

// Run by itself it names what is missing.
if (import.meta.main) for (const rule of missingRules()) console.log(`${rule.id} ${rule.title}`);
