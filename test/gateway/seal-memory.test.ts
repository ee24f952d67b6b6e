import { describe, expect, test } from 'vitest';
import { SealMemory } from '../../src/gateway/seal-memory.ts';
import type { Block, Seal } from '../../src/model/block.ts';
import type { Event } from '../../src/model/event.ts';
import type { Generation } from '../../src/model/request.ts';
import { dialect } from '../../src/protocols/openai-chat/index.ts';

const seal = (data: string): Seal => ({ protocol: 'anthropic-messages', data });
const me = (): string => 'me';

function thought(index: number, text: string, sealed?: string): Event[] {
  return [
    { type: 'block-start', index, block: { type: 'reasoning' } },
    ...[...text].map((piece): Event => ({ type: 'text-delta', index, text: piece })),
    { type: 'block-end', index, ...(sealed !== undefined && { seal: seal(sealed) }) },
  ];
}

function call(index: number, id: string, sealed?: string): Event[] {
  return [
    { type: 'block-start', index, block: { type: 'tool-call', id, name: 'f' } },
    { type: 'input-delta', index, json: '{}' },
    { type: 'block-end', index, ...(sealed !== undefined && { seal: seal(sealed) }) },
  ];
}

/** What a chat client sends back of an answer that called tools: the calls, perhaps some text, nothing of the thoughts. */
function back(ids: readonly string[], content: string | null = null): Generation {
  const calls = ids.map((id) => ({ id, type: 'function', function: { name: 'f', arguments: '{}' } }));
  const request = dialect.decodeRequest({
    model: 'm',
    messages: [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content, tool_calls: calls },
      ...ids.map((id) => ({ role: 'tool', tool_call_id: id, content: 'ok' })),
    ],
  });
  return request.task === 'generation' ? request : expect.fail('no generation');
}

function remember(events: readonly Event[], caller = me, maker = 'maker'): SealMemory {
  const memory = new SealMemory();
  const listener = memory.listener(caller, maker);
  for (const event of events) listener.note(event);
  return memory;
}

const said = (request: Generation): readonly Block[] =>
  request.turns.find(({ role }) => role === 'assistant')?.blocks ?? [];

describe('seals that a client does not bring back', () => {
  test('CC-21 FM-14 the thoughts before a call stand at the beginning of its turn again, byte for byte', () => {
    const memory = remember([...thought(0, 'é 日 😀', 'c2lnbmVk'), ...call(1, 'call_1')]);
    const [first, second, third] = said(memory.restored(back(['call_1'], 'So:'), me, 'maker'));
    expect(first).toEqual({ type: 'reasoning', text: 'é 日 😀', seal: seal('c2lnbmVk') });
    expect(second).toMatchObject({ type: 'text', text: 'So:' });
    expect(third).toMatchObject({ type: 'tool-call', id: 'call_1' });
  });

  test('FM-15 a sealed call has its own seal again, also beside others', () => {
    const memory = remember([...call(0, 'a', 'one'), ...call(1, 'b')]);
    expect(said(memory.restored(back(['a', 'b']), me, 'maker'))).toMatchObject([
      { id: 'a', seal: seal('one') },
      { id: 'b' },
    ]);
  });

  test('thoughts between two calls stay between them', () => {
    const memory = remember([...thought(0, 'x', '1'), ...call(1, 'a'), ...thought(2, 'y', '2'), ...call(3, 'b')]);
    expect(said(memory.restored(back(['a', 'b']), me, 'maker'))).toMatchObject([
      { text: 'x' },
      { id: 'a' },
      { text: 'y' },
      { id: 'b' },
    ]);
  });

  test('another upstream, another caller and another call get nothing', () => {
    const memory = remember([...thought(0, 'x', '1'), ...call(1, 'a', '2')]);
    const request = back(['a']);
    expect(memory.restored(request, me, 'other maker')).toBe(request);
    expect(memory.restored(request, () => 'someone else', 'maker')).toBe(request);
    const other = back(['b']);
    expect(memory.restored(other, me, 'maker')).toBe(other);
  });

  test('thoughts without any seal are not kept, and those the client did bring back are not doubled', () => {
    const request = back(['a']);
    expect(remember([...thought(0, 'x'), ...call(1, 'a')]).restored(request, me, 'maker')).toBe(request);
    const own: Block = { type: 'reasoning', text: 'x', seal: seal('1') };
    const turns = request.turns.map((turn) =>
      turn.role === 'assistant' ? { ...turn, blocks: [own, ...turn.blocks] } : turn,
    );
    const echoed = { ...request, turns };
    expect(remember([...thought(0, 'x', '1'), ...call(1, 'a')]).restored(echoed, me, 'maker')).toBe(echoed);
  });

  test('the oldest are forgotten before the memory grows without bound', () => {
    const memory = new SealMemory();
    const long = 's'.repeat(1024 * 1024);
    for (let i = 0; i < 80; i++) {
      const listener = memory.listener(me, 'maker');
      for (const event of call(0, `call_${i}`, long)) listener.note(event);
    }
    const first = back(['call_0']);
    expect(memory.restored(first, me, 'maker')).toBe(first);
    expect(said(memory.restored(back(['call_79']), me, 'maker'))[0]).toMatchObject({ seal: seal(long) });
  });
});
