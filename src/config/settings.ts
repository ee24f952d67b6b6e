import { CATALOG } from '../providers/catalog.ts';
import { baseUrlOf } from '../providers/provider.ts';
import type { Provider, SettingName, SettingValues } from '../providers/provider.ts';
import { hasCredential } from './credentials.ts';
import type { Environment } from './environment.ts';
import type { ProviderEntry } from './provider-entry.ts';

/** The first of some variables that is set, and its value. */
export function firstValue(
  variables: readonly string[],
  environment: Environment,
): { readonly variable: string; readonly value: string } | undefined {
  for (const variable of variables) {
    const value = environment.get(variable);
    if (value !== undefined) return { variable, value };
  }
  return undefined;
}

/** What an entry says of its settings, else the environment, else the row. */
export function settingValues(
  row: Provider | undefined,
  entry: ProviderEntry,
  environment: Environment,
): SettingValues {
  const values: Partial<Record<SettingName, string>> = {};
  for (const { name, variables, fallback } of row?.settings ?? []) {
    const value = firstValue(variables, environment)?.value ?? fallback;
    if (value !== undefined) values[name] = value;
  }
  Object.assign(values, entry.settings);
  // Its own tools take it with and without the scheme.
  if (values.host !== undefined) values.host = values.host.replace(/^https?:\/\//, '').replace(/\/+$/, '');
  return values;
}

/** Whether the environment says everything that a row needs: a base URL of one's own, or a key and what stands in the base URL. */
export function isSwitchedOn(row: Provider, environment: Environment, nothing: ProviderEntry): boolean {
  if (firstValue(row.baseUrlVariables, environment) !== undefined) return true;
  return (
    !row.local &&
    hasCredential(row, environment) &&
    row.settings.every(
      ({ name, optional }) => optional === true || settingValues(row, nothing, environment)[name] !== undefined,
    ) &&
    baseUrlOf(row, settingValues(row, nothing, environment)) !== undefined
  );
}

/** The rows of the catalog that the environment switches on. */
export function environmentRows(environment: Environment, nothing: ProviderEntry): readonly Provider[] {
  return [...CATALOG.values()].filter((row) => isSwitchedOn(row, environment, nothing));
}
