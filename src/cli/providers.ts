import { packagePath } from '../bridge/package.ts';
import { loadConfig } from '../config/load.ts';
import type { LoadOptions } from '../config/load.ts';
import { problemText } from '../config/problem.ts';
import type { Snapshot } from '../config/snapshot.ts';
import { CATALOG } from '../providers/catalog.ts';
import { needsOf, needsText } from '../providers/needs.ts';
import type { Provider } from '../providers/provider.ts';
import { withLocalServers } from '../transport/discover.ts';
import { credentialWords, providerLine } from './banner.ts';
import { EXIT_CONFIG } from './check.ts';

/** Prints every provider: what each needs, and which are configured; returns the exit code. No key is printed. */
export async function providers(options: LoadOptions, json: boolean): Promise<number> {
  const loaded = loadConfig(options);
  if (!loaded.ok) {
    for (const problem of loaded.problems) console.error(problemText(problem));
    return EXIT_CONFIG;
  }
  const { snapshot } = loaded;
  const found = snapshot.discover ? await withLocalServers(snapshot, { env: options.env }) : snapshot;
  console.log(json ? JSON.stringify(asData(found), null, 2) : asText(found));
  return 0;
}

function asData(snapshot: Snapshot): unknown {
  return {
    configured: [...snapshot.upstreams.values()].map((upstream) => ({
      name: upstream.name,
      row: upstream.row,
      protocol: upstream.protocol,
      tasks: upstream.tasks,
      baseUrl: upstream.baseUrl,
      credential: credentialWords(upstream),
      ...(upstream.bridge !== undefined && {
        package: upstream.bridge.package,
        installed: packagePath(upstream.bridge.package) !== undefined,
      }),
    })),
    providers: [...CATALOG.values()].map((row) => ({
      name: row.name,
      aliases: row.aliases,
      title: row.title,
      protocol: row.protocol,
      tasks: row.tasks,
      baseUrl: row.baseUrl,
      package: row.package,
      needs: needsOf(row),
      source: row.source,
    })),
  };
}

function asText(snapshot: Snapshot): string {
  const configured = [...snapshot.upstreams.values()];
  const rows = [...CATALOG.values()];
  const width = Math.max(...rows.map(({ name }) => name.length));
  const wide = Math.max(...rows.map(({ title }) => title.length));
  return [
    configured.length === 0 ? 'Configured: none.' : 'Configured:',
    ...configured.map((upstream) => `  ${providerLine(upstream)}`),
    '',
    'Known (* = configured), with the variables that switch each on:',
    ...rows.map((row) => {
      const mark = configured.some((upstream) => upstream.row === row.name) ? '*' : ' ';
      return `${mark} ${row.name.padEnd(width)}  ${row.title.padEnd(wide)}  ${needsText(needsOf(row))}${wanted(row)}`;
    }),
    '',
    'Any other server that speaks a format of these works with `base_url` in streamweir.yaml; docs/configuration.md shows it.',
  ].join('\n');
}

function wanted({ package: name }: Provider): string {
  return name === undefined ? '' : `, and npm install ${name}`;
}
