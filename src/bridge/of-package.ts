/** Something that a package threw, as distinct from a fault of our own. */
export class PackageFailure extends Error {}

/** Takes a step inside a package; what it throws becomes the cause of a {@link PackageFailure}. */
export async function ofPackage<T>(step: () => PromiseLike<T> | undefined): Promise<T | undefined> {
  try {
    return await step();
  } catch (cause) {
    throw new PackageFailure('the package failed', { cause });
  }
}
