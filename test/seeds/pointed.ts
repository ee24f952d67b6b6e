import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { python, run } from '../support/processes.ts';
import type { Ran } from '../support/processes.ts';
import type { SeedProgram } from './documents.ts';

/** What a program is pointed at; nothing else of it changes. */
export interface Aim {
  /** `http://127.0.0.1:port` */
  readonly host: string;
  readonly model: string;
  /** Path of the sound that is uploaded. */
  readonly file?: string;
}

/** The program with host, key and model replaced, and the place-holder of the file to upload. */
export function pointed(source: string, aim: Aim): string {
  return source
    .replaceAll(/https?:\/\/[^/'"`\s]+(?=\/v1)/g, aim.host)
    .replaceAll(/<API_KEY>|YOUR_API_KEY/g, 'any-key')
    .replaceAll(/"model-id"|(["'])(?:openai|google)\/[\w.-]+\1/g, `"${aim.model}"`)
    .replaceAll('/path/to/your/audio.mp3', aim.file ?? '/path/to/your/audio.mp3');
}

const SUFFIX = { python: 'py', typescript: 'ts', curl: 'sh' };
const BUILD = fileURLToPath(new URL('../../build', import.meta.url));

/** A fresh folder below `build/`, from where the project's packages can be imported. */
export async function programFolder(): Promise<string> {
  await mkdir(BUILD, { recursive: true });
  return mkdtemp(join(BUILD, 'seeds-'));
}

let counter = 0;

/** Runs a program or command as a process of its own. */
export async function runProgram(folder: string, program: SeedProgram, source: string): Promise<Ran> {
  counter += 1;
  const file = join(folder, `program-${counter}.${SUFFIX[program.language]}`);
  await writeFile(file, source);
  const env = { AI_GATEWAY_API_KEY: 'any-key', PYTHONUTF8: '1', NODE_NO_WARNINGS: '1' };
  const command = { python: python ?? 'python3', typescript: process.execPath, curl: 'sh' }[program.language];
  return run(command, [file], { cwd: folder, env });
}
