import type { WirePlan } from './outgoing.ts';

/** What was learnt about targets while they were used; forgotten at restart. */
export class TargetMemory {
  readonly #noStreamUsage = new Set<string>();

  /** Whether this target refused to be asked for usage in a stream (CC-10). */
  refusesStreamUsage(plan: WirePlan): boolean {
    return this.#noStreamUsage.has(keyOf(plan));
  }

  /** Notes that it did. */
  noteRefusedStreamUsage(plan: WirePlan): void {
    this.#noStreamUsage.add(keyOf(plan));
  }
}

function keyOf(plan: WirePlan): string {
  return `${plan.upstream.name}/${plan.model}`;
}
