import { CLOUDS } from './catalog-clouds.ts';
import { HOSTS } from './catalog-hosts.ts';
import { LOCAL } from './catalog-local.ts';
import { MAKERS } from './catalog-makers.ts';
import { ROUTERS } from './catalog-routers.ts';
import { SPECIALISTS } from './catalog-specialists.ts';
import type { Provider } from './provider.ts';
import { providerOf } from './row.ts';

/** Every provider that works by its name alone, keyed by that name. */
export const CATALOG: ReadonlyMap<string, Provider> = new Map(
  [MAKERS, CLOUDS, HOSTS, ROUTERS, SPECIALISTS, LOCAL].flatMap((rows) =>
    Object.entries(rows).map(([name, row]): [string, Provider] => [name, providerOf(name, row)]),
  ),
);

const BY_ALIAS: ReadonlyMap<string, Provider> = new Map(
  [...CATALOG.values()].flatMap((row) => row.aliases.map((alias): [string, Provider] => [alias, row])),
);

/** Every name under which a row is found. */
export const NAMES: readonly string[] = [...CATALOG.keys(), ...BY_ALIAS.keys()];

/** The row of a name or another name of it. */
export function rowOf(name: string): Provider | undefined {
  return CATALOG.get(name) ?? BY_ALIAS.get(name);
}
