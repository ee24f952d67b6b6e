import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { dirname, join } from 'node:path';

/** What a program prints that its tool gave it. */
export const SAID = 'streamweir-was-here';

/** How to run a program on a gateway, in a home and a working directory of its own. */
interface Run {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** A program that people point at a gateway. */
export interface RealProgram {
  readonly title: string;
  /** The gateway's path that it speaks to. */
  readonly path: RegExp;
  /** What has to be there for it to run. */
  readonly file: string;
  prepare(gateway: string, home: string, work: string): Run;
}

const MODULES = fileURLToPath(new URL('node_modules', import.meta.url));

/** The model that calls one tool, harmlessly, and then tells what the tool answered. */
function modelFor(tool: string, args: Readonly<Record<string, string>>): string {
  return `sandbox/tools:tool=${tool},args=${JSON.stringify(args)}`;
}

function write(folder: string, name: string, content: unknown): void {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(content));
}

const CODEX = join(MODULES, '@openai/codex/bin/codex.js');

const codex: RealProgram = {
  title: 'codex exec',
  path: /^\/v1\/responses$/,
  file: CODEX,
  prepare(gateway, home) {
    const provider = `{name="weir",base_url="${gateway}/openai/v1",wire_api="responses",env_key="WEIR_KEY"}`;
    const config = [
      '-c',
      'model_provider=weir',
      '-c',
      `model_providers.weir=${provider}`,
      '-c',
      'analytics.enabled=false',
    ];
    const model = modelFor('exec_command', { cmd: `printf ${SAID}` });
    // Its own sandbox wants privileges of the kernel that a container may not have; what it runs is the line above.
    const flags = ['--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox'];
    return {
      command: process.execPath,
      args: [CODEX, 'exec', ...flags, ...config, '-m', model, 'Say it.'],
      env: { CODEX_HOME: home, WEIR_KEY: 'any' },
    };
  },
};

const GEMINI = join(MODULES, '@google/gemini-cli/bundle/gemini.js');

const gemini: RealProgram = {
  title: 'gemini-cli',
  path: /^\/v1beta\/models\/.*:streamGenerateContent$/,
  file: GEMINI,
  prepare(gateway, home) {
    write(home, '.gemini/settings.json', {
      security: { auth: { selectedType: 'gemini-api-key' } },
      privacy: { usageStatisticsEnabled: false },
      telemetry: { enabled: false },
      general: { enableAutoUpdate: false, enableAutoUpdateNotification: false },
    });
    const model = modelFor('run_shell_command', { command: `printf ${SAID}` });
    return {
      command: process.execPath,
      args: [GEMINI, '--skip-trust', '--yolo', '-m', model, '-p', 'Say it.'],
      env: { GEMINI_API_KEY: 'any', GOOGLE_GEMINI_BASE_URL: `${gateway}/gemini` },
    };
  },
};

// The package is a shell around one binary for each platform, which its install script would link.
const OPENCODE = [
  `opencode-${process.platform}-${process.arch}`,
  `opencode-${process.platform}-${process.arch}-baseline`,
]
  .map((name) => join(MODULES, name, 'bin/opencode'))
  .find((file) => existsSync(file));

function opencode(format: string, npm: string, below: string, path: RegExp): RealProgram {
  return {
    title: `opencode, ${format}`,
    path,
    file: OPENCODE ?? join(MODULES, 'opencode-ai'),
    prepare(gateway, _home, work) {
      const model = modelFor('bash', { command: `printf ${SAID}`, description: 'Says it' });
      write(work, 'opencode.json', {
        autoupdate: false,
        share: 'disabled',
        permission: { bash: 'allow' },
        provider: {
          weir: { npm, options: { baseURL: `${gateway}${below}`, apiKey: 'any' }, models: { [model]: {} } },
        },
      });
      return {
        command: OPENCODE ?? '',
        args: ['run', '-m', `weir/${model}`, 'Say it.'],
        env: { OPENCODE_DISABLE_MODELS_FETCH: '1', OPENCODE_DISABLE_AUTOUPDATE: '1' },
      };
    },
  };
}

/** The programs, each with the formats that it speaks. */
export const PROGRAMS: readonly RealProgram[] = [
  codex,
  gemini,
  opencode('chat', '@ai-sdk/openai-compatible', '/v1', /^\/v1\/chat\/completions$/),
  opencode('messages', '@ai-sdk/anthropic', '/anthropic/v1', /^\/v1\/messages$/),
  opencode('responses', '@ai-sdk/openai', '/openai/v1', /^\/v1\/responses$/),
];
