// Lets Node run the compliance suite from its checkout as it is: imports without endings are TypeScript files, and zod is ours, as its third version.
import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

registerHooks({
  resolve(specifier, context, next) {
    if (specifier === 'zod') return next('zod/v3', { ...context, parentURL: import.meta.url });
    const beside = context.parentURL === undefined || !specifier.startsWith('.') ? undefined : context.parentURL;
    const file = beside === undefined ? undefined : new URL(`${specifier}.ts`, beside);
    if (file === undefined || !existsSync(fileURLToPath(file))) return next(specifier, context);
    return { url: file.href, shortCircuit: true };
  },
});
