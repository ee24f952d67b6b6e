/** A value of a package, of which nothing is known yet. */
export type Unread = Readonly<Record<string, unknown>>;

/** What is used of a model that a package makes, in the versions 2 to 4 of its interface. */
export interface SdkModel {
  /** `v2`, `v3` or `v4`. */
  readonly specificationVersion?: unknown;
  /** By media type, `image/*` among them: patterns of the URLs that the provider fetches itself. */
  readonly supportedUrls?: unknown;
  doStream?(options: object): PromiseLike<{ readonly stream: AsyncIterable<unknown> }>;
  doGenerate?(options: object): PromiseLike<Unread>;
}

/** Version of a model's interface. */
export type SdkVersion = 2 | 3 | 4;

/** The version a model says it has; a newer one is taken for the newest that is known. */
export function versionOf(model: SdkModel): SdkVersion {
  if (model.specificationVersion === 'v2') return 2;
  return model.specificationVersion === 'v3' ? 3 : 4;
}

/** The object a value is; empty for everything else. */
export function fieldsOf(value: unknown): Unread {
  return typeof value === 'object' && value !== null ? (value as Unread) : {};
}

/** The text a value is; undefined for everything else. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The count a value is; undefined for everything else. */
export function countOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}

/** The names of settings that a package warns it left out, as they are asked for. */
export function warnedFeatures(warnings: unknown): readonly string[] {
  if (!Array.isArray(warnings)) return [];
  return warnings.flatMap((warning) => {
    const fields = fieldsOf(warning);
    const name = textOf(fields['setting']) ?? textOf(fields['feature']);
    if (name === undefined) return [];
    // The settings are named in camel case and sometimes with more words.
    const snake = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    return [snake.replaceAll(/[^\w.-]+/g, '_').slice(0, 64)];
  });
}

/** Base64 of a file, whichever form a package gives it in; undefined for links and everything else. */
export function base64Of(data: unknown): string | undefined {
  if (data instanceof Uint8Array) return Buffer.from(data).toString('base64');
  if (typeof data === 'string') return data;
  const wrapped = fieldsOf(data);
  return wrapped['type'] === 'data' ? base64Of(wrapped['data']) : undefined;
}
