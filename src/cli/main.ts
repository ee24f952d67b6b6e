import { existsSync, readFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { Refusal } from '../config/leaf.ts';
import { readPort } from '../config/values.ts';
import { check } from './check.ts';
import { providers } from './providers.ts';
import { serve } from './serve.ts';

function port(text: string): number {
  const value = readPort(text);
  if (value instanceof Refusal) throw new InvalidArgumentError(`${value.message}; ${value.mend}.`);
  return value;
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown';
}

// What is set already stays: the file only fills gaps.
if (existsSync('.env')) process.loadEnvFile('.env');

const program = new Command('streamweir')
  .description('One endpoint in front of every language-model provider; answers stream through.')
  .version(version());

program
  .command('serve')
  .description('Listen and answer.')
  .option('--config <file>', 'configuration file (default: streamweir.yaml, if it is there)')
  .option('--host <address>', 'address to listen on (default: 127.0.0.1)')
  .option('--port <number>', 'port to listen on, 0 for a free one (default: 8080)', port)
  .option('--data-dir <directory>', 'directory for what the gateway keeps (default: data)')
  .action(async (flags: { config?: string; host?: string; port?: number; dataDir?: string }) => {
    const { config, ...rest } = flags;
    process.exit(await serve({ ...rest, ...(config !== undefined && { file: config }), env: process.env }, version()));
  });

program
  .command('check')
  .description('Read the configuration and say what is wrong with it, without listening.')
  .option('--config <file>', 'configuration file (default: streamweir.yaml, if it is there)')
  .action((flags: { config?: string }) => {
    process.exitCode = check({ ...(flags.config !== undefined && { file: flags.config }), env: process.env });
  });

program
  .command('providers')
  .description('List every provider that is known, what each needs, and which are configured.')
  .option('--config <file>', 'configuration file (default: streamweir.yaml, if it is there)')
  .option('--json', 'as JSON')
  .action(async (flags: { config?: string; json?: boolean }) => {
    const file = flags.config !== undefined && { file: flags.config };
    process.exitCode = await providers({ ...file, env: process.env }, flags.json ?? false);
  });

await program.parseAsync();
