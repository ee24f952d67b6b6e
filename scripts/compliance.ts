// Runs the public compliance suite of Open Responses against a gateway: before the sandbox, a server of chat completions and one of messages.
//   npm run compliance -- ../openresponses [sandbox] [chat] [messages]
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Brain } from '../test/support/brains/brain.ts';
import { CHAT_MIND } from '../test/support/brains/chat.ts';
import { MESSAGES_MIND } from '../test/support/brains/messages.ts';
import { startGateway } from '../test/support/gateway.ts';

const WAYS: Readonly<
  Record<string, { readonly model: string; readonly protocol?: string; readonly mind?: typeof CHAT_MIND }>
> = {
  sandbox: { model: 'sandbox/tools' },
  chat: { model: 'fake/brain', protocol: 'openai-chat', mind: CHAT_MIND },
  messages: { model: 'fake/brain', protocol: 'anthropic-messages', mind: MESSAGES_MIND },
};

const [checkout = '', ...named] = process.argv.slice(2);
const suite = join(resolve(checkout), 'bin/compliance-test.ts');
if (checkout === '' || !existsSync(suite)) {
  console.error('usage: npm run compliance -- CHECKOUT [sandbox] [chat] [messages]');
  console.error(
    'CHECKOUT is a clone of openresponses/openresponses, or of a fork of it; none of its packages need be installed.',
  );
  process.exit(2);
}

let failed = 0;
for (const way of named.length > 0 ? named : Object.keys(WAYS)) failed += await run(way);
process.exit(failed === 0 ? 0 : 1);

async function run(way: string): Promise<number> {
  const row = WAYS[way];
  if (row === undefined) throw new Error(`there is no way '${way}', only ${Object.keys(WAYS).join(', ')}`);
  const brain = row.mind === undefined ? undefined : await Brain.start(row.mind);
  const provider = `providers: { fake: { protocol: ${row.protocol}, base_url: "${brain?.url}/v1", api_key: fake } }`;
  const gateway = await startGateway(brain === undefined ? '' : provider);
  console.log(`\n== ${way} ==`);
  const code = await suiteAgainst(`${gateway.url}/v1`, row.model);
  await gateway.close();
  await brain?.close();
  return code;
}

function suiteAgainst(baseUrl: string, model: string): Promise<number> {
  const imports = fileURLToPath(new URL('compliance-imports.ts', import.meta.url));
  const flags = ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON', '--import', imports];
  const args = [...flags, suite, '--base-url', baseUrl, '--api-key', 'compliance', '--model', model];
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, args, { stdio: 'inherit' });
    child.once('error', fail);
    child.once('exit', (code) => done(code ?? 1));
  });
}
