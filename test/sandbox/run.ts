import type { Event } from '../../src/model/event.ts';
import { checked } from '../../src/model/grammar.ts';
import type { Generation, Request } from '../../src/model/request.ts';
import { runSandbox } from '../../src/sandbox/sandbox.ts';
import type { SandboxRun } from '../../src/sandbox/sandbox.ts';

/** A request for text whose only turn is a user's. */
export function asking(text: string, more: Partial<Generation> = {}): Generation {
  return {
    task: 'generation',
    model: 'sandbox/echo',
    stream: true,
    turns: [{ role: 'user', blocks: [{ type: 'text', text }] }],
    tools: [],
    sampling: {},
    stop: [],
    native: { protocol: 'openai-chat', value: {} },
    ...more,
  };
}

/** Every event that the sandbox answers with, each checked against the grammar. */
export async function eventsOf(model: string, request: Request, more: Partial<SandboxRun> = {}): Promise<Event[]> {
  const events: Event[] = [];
  let minted = 0;
  await runSandbox({
    request,
    model,
    emit: checked((event) => events.push(event)),
    signal: new AbortController().signal,
    mint: (prefix) => `${prefix}_${++minted}`,
    created: 1_700_000_000,
    ready: () => undefined,
    ...more,
  });
  return events;
}
