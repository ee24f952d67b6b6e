/** Something that has what to do when the turn of the event loop is over. */
export interface Turning {
  /** Is called once for each time it asked, and never inside of another's; must not throw. */
  turned(): void;
}

// Whoever waits for its write waits for those of others, too; more than this many make nothing cheaper.
const MOST = 16;

let waiting: Turning[] = [];
let acting = false;

/**
 * Lets a thing act once all that came in with this turn of the event loop was looked at, or much of it. Each write wakes whoever reads it, and waking
 * costs more than writing: what is written together wakes once. A thing that nothing else came beside acts right after what it came from.
 *
 * Never before this returns: who asks may not be done. And what asks while others act waits for its own turn, or many that always ask again would
 * act one inside of the other until the stack is full.
 */
export function afterTurn(thing: Turning): void {
  if (waiting.length >= MOST && !acting) actAll();
  if (waiting.length === 0) setImmediate(actAll);
  waiting.push(thing);
}

function actAll(): void {
  const things = waiting;
  waiting = [];
  acting = true;
  for (const thing of things) thing.turned();
  acting = false;
}
