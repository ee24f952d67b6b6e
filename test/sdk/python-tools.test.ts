import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TOOL } from '../support/brains/mind.ts';
import { Peek } from '../support/peek.ts';
import { python, run } from '../support/processes.ts';
import { PYTHON_TOOLS } from './python-tools.ts';
import { Stage, UPSTREAMS, expectTalk, modelAt } from './stage.ts';

// An environment may be from before one of them was asked for.
const ready = python !== undefined && spawnSync(python, ['-c', 'import openai, anthropic']).status === 0;
if (!ready && process.env['STREAMWEIR_REQUIRE_ALL'] === '1') throw new Error('No Python with openai and anthropic.');

const CLIENTS = [
  ['openai', 'chat', 'chat'],
  ['openai', 'responses', 'responses'],
  ['anthropic', 'messages', 'messages'],
  ['anthropic with its tool runner', 'messages', 'runner'],
] as const;

describe.skipIf(!ready).each(CLIENTS)('Python %s converses with a tool in %s', (_client, format, scenario) => {
  let stage: Stage;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'streamweir-'));
    await writeFile(join(folder, 'tools.py'), PYTHON_TOOLS);
    stage = await Stage.start();
  });
  beforeEach(() => {
    stage.clear();
  });
  afterAll(async () => {
    await stage.close();
    await rm(folder, { recursive: true, force: true });
  });

  test.each(UPSTREAMS)('over %s, whole and streamed', async (upstream) => {
    const args = ['tools.py', stage.gateway.url, scenario, modelAt(upstream, format), TOOL.name, TOOL.result];
    const { code, stdout, stderr } = await run(python ?? '', args, { cwd: folder, env: { PYTHONUTF8: '1' } });
    expect(code, `${stderr}\n${stage.brain(upstream).refusals.join('\n')}`).toBe(0);
    const conversations = Peek.parse(stdout.toString()).list;
    expect(conversations).toHaveLength(2);
    for (const told of conversations) {
      expectTalk(stage.brain(upstream), {
        calls: told.at('calls').list.map((call) => call.value),
        text: told.at('text').text,
        ...(told.has('total') && { total: told.at('total').number }),
        ...(told.has('thoughts') && { thoughts: told.at('thoughts').text }),
      });
    }
  });
});
