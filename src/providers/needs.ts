import type { Provider } from './provider.ts';

/** What switches a row on: everything in `all`, one variable (or pair of them) of each, or any of `urls` instead. */
export interface Needs {
  /** Empty where no key is needed. */
  readonly all: readonly (readonly string[])[];
  readonly urls: readonly string[];
}

/** The environment variables that a row needs. */
export function needsOf(row: Provider): Needs {
  const { keyVariables, credentialVariables, accessKey, settings, baseUrlVariables: urls, local } = row;
  if (local) return { all: [], urls };
  const signing = accessKey === undefined ? [] : [`${accessKey.id} with ${accessKey.secret}`];
  const said = settings.filter((setting) => setting.fallback === undefined && setting.optional !== true);
  return {
    all: [[...keyVariables, ...credentialVariables, ...signing], ...said.map(({ variables }) => variables)],
    urls,
  };
}

/** The same in words; `shown` writes one variable. */
export function needsText({ all, urls }: Needs, shown: (variable: string) => string = (variable) => variable): string {
  const either = (names: readonly string[]): string => names.map(shown).join(' or ');
  const together = all.map(either).join(', and ');
  return together === '' ? either(urls) : together;
}
