import { readFileSync } from 'node:fs';
import { createRequire, findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { GatewayFailure } from '../model/errors.ts';
import type { JsonObject } from '../model/json.ts';
import type { SdkModel } from './sdk-model.ts';

/** What a package's provider is made with. */
export interface BridgeSettings {
  /** Name of the upstream; some packages want one. */
  readonly name: string;
  readonly package: string;
  readonly apiKey?: string;
  readonly baseUrl?: string;
  readonly options: JsonObject;
}

/** A kind of model that a provider makes by name. */
export type ModelKind = 'languageModel' | 'speechModel' | 'transcriptionModel';

type Make = (id: string) => unknown;
type SdkProvider = Readonly<Record<string, unknown>> | Make;

const providers = new Map<string, Promise<SdkProvider>>();

/**
 * A model of a package that the operator has installed in the working directory, or beside the gateway.
 * @throws GatewayFailure that names what to install, when the package is not there.
 */
export async function modelOf(settings: BridgeSettings, kind: ModelKind, id: string): Promise<SdkModel> {
  const key = JSON.stringify(settings);
  let provider = providers.get(key);
  if (provider === undefined) {
    provider = load(settings);
    providers.set(key, provider);
    // Installed later, it is found then.
    provider.catch(() => providers.delete(key));
  }
  const made = makeModel(await provider, kind, id);
  if (made === undefined) throw cannot(settings.package, `makes no ${KIND_NAMES[kind]}`);
  return made as SdkModel;
}

const KIND_NAMES: Record<ModelKind, string> = {
  languageModel: 'text models',
  speechModel: 'models that speak',
  transcriptionModel: 'models that listen',
};

function makeModel(provider: SdkProvider, kind: ModelKind, id: string): unknown {
  const methods: Readonly<Record<string, unknown>> = provider as Readonly<Record<string, unknown>>;
  const method = methods[kind] ?? methods[kind.replace('Model', '')];
  if (typeof method === 'function') return (method as Make).call(provider, id);
  return kind === 'languageModel' && typeof provider === 'function' ? provider(id) : undefined;
}

async function load(settings: BridgeSettings): Promise<SdkProvider> {
  const path = packagePath(settings.package);
  if (path === undefined)
    throw new GatewayFailure({
      kind: 'internal',
      message: `This provider is reached with the package '${settings.package}', which is not installed where the gateway runs: npm install ${settings.package}`,
    });
  let exported: Readonly<Record<string, unknown>>;
  try {
    exported = (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw cannot(settings.package, `cannot be loaded (${error instanceof Error ? error.name : 'unknown'})`);
  }
  const factory = Object.entries(exported).find(
    ([name, value]) => /^create[A-Z]/.test(name) && typeof value === 'function',
  )?.[1] as ((options: object) => SdkProvider) | undefined;
  if (factory === undefined) throw cannot(settings.package, 'is no provider: it exports nothing that creates one');
  const { name, apiKey, baseUrl, options } = settings;
  return factory({
    name,
    ...(apiKey !== undefined && { apiKey }),
    ...(baseUrl !== undefined && { baseURL: baseUrl }),
    ...options,
  });
}

function cannot(name: string, what: string): GatewayFailure {
  return new GatewayFailure({ kind: 'internal', message: `The package '${name}' of this provider ${what}.` });
}

/** Where a package's main module is, seen from the working directory or else from the gateway; undefined when it is not installed. */
export function packagePath(name: string): string | undefined {
  const bases = [join(process.cwd(), 'package.json'), import.meta.filename];
  for (const base of bases) {
    const path = resolved(name, base);
    if (path !== undefined) return path;
  }
  return undefined;
}

function resolved(name: string, base: string): string | undefined {
  try {
    return createRequire(base).resolve(name);
  } catch (error) {
    // A package that is there for `import` alone.
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return code === 'ERR_PACKAGE_PATH_NOT_EXPORTED' ? importedPath(name, base) : undefined;
  }
}

function importedPath(name: string, base: string): string | undefined {
  const manifest = findPackageJSON(name, base);
  if (manifest === undefined) return undefined;
  const { exports: exported } = JSON.parse(readFileSync(manifest, 'utf8')) as { readonly exports?: unknown };
  const target = conditional(entry(exported, '.') ?? exported);
  return target === undefined ? undefined : join(dirname(manifest), target);
}

function conditional(node: unknown): string | undefined {
  if (typeof node === 'string') return node;
  for (const condition of ['import', 'node', 'default']) {
    const found = entry(node, condition);
    if (found !== undefined) return conditional(found);
  }
  return undefined;
}

function entry(node: unknown, key: string): unknown {
  return typeof node === 'object' && node !== null ? (node as Readonly<Record<string, unknown>>)[key] : undefined;
}
