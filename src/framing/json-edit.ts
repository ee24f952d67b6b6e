import type { ByteRange, ScannedObject } from './json-scan.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Replaces bytes `start` to `end` by a text; an insertion where both are equal. */
interface Edit extends ByteRange {
  readonly text: string;
}

/** A key of the object with one of its values: from the key's quote to the value's end. */
interface Member extends ByteRange {
  readonly removed: boolean;
}

/**
 * A copy of a scanned JSON object with other values for some keys (JSON text), leaving every other byte alone (UP-09): each of a repeated key's
 * values is replaced, so that every parser reads the new one; a key that is absent is appended, and one whose new value is undefined goes.
 */
export function editKeys(
  bytes: Uint8Array,
  scan: ScannedObject,
  values: Readonly<Record<string, string | undefined>>,
): Uint8Array {
  const keys = Object.keys(values);
  const gone = keys.filter((key) => values[key] === undefined && scan.values.has(key));
  const edits = gone.length === 0 ? [] : removals(membersOf(bytes, scan, new Set(gone)));
  let separator = scan.values.size === gone.length ? '' : ',';
  for (const key of keys) {
    const text = values[key];
    if (text === undefined) continue;
    const ranges = scan.values.get(key);
    if (ranges !== undefined) for (const { start, end } of ranges) edits.push({ start, end, text });
    else {
      edits.push({ start: scan.close, end: scan.close, text: `${separator}${JSON.stringify(key)}:${text}` });
      separator = ',';
    }
  }
  return splice(bytes, edits);
}

// Insertions at one place keep their order; no two edits overlap.
function splice(bytes: Uint8Array, edits: readonly Edit[]): Uint8Array {
  const inOrder = edits.length < 2 ? edits : edits.toSorted((a, b) => a.start - b.start);
  const size = inOrder.reduce((sum, { start, end, text }) => sum + Buffer.byteLength(text) + start - end, bytes.length);
  const spliced = Buffer.allocUnsafe(size);
  let from = 0;
  let at = 0;
  for (const { start, end, text } of inOrder) {
    spliced.set(bytes.subarray(from, start), at);
    at += start - from;
    at += spliced.write(text, at);
    from = end;
  }
  spliced.set(bytes.subarray(from), at);
  return spliced;
}

function membersOf(bytes: Uint8Array, scan: ScannedObject, gone: ReadonlySet<string>): readonly Member[] {
  const members = [...scan.values].flatMap(([key, ranges]) =>
    ranges.map(({ start, end }) => ({ start: keyStart(bytes, start), end, removed: gone.has(key) })),
  );
  return members.toSorted((a, b) => a.start - b.start);
}

// A member goes with the comma behind it; those at the end go with the comma before them.
function removals(members: readonly Member[]): Edit[] {
  const lastKept = members.findLastIndex((member) => !member.removed);
  const edits = members.slice(0, lastKept + 1).flatMap((member, at): Edit[] => {
    const next = members[at + 1];
    return member.removed && next !== undefined ? [{ start: member.start, end: next.start, text: '' }] : [];
  });
  const tail = members[lastKept + 1];
  const last = members.at(-1);
  if (tail !== undefined && last !== undefined)
    edits.push({ start: members[lastKept]?.end ?? tail.start, end: last.end, text: '' });
  return edits;
}

/** Where the key of the value that begins at `value` has its opening quote. */
function keyStart(bytes: Uint8Array, value: number): number {
  let at = bytes.lastIndexOf(QUOTE, value - 1) - 1;
  for (;;) {
    at = bytes.lastIndexOf(QUOTE, at);
    let slashes = 0;
    while (bytes[at - 1 - slashes] === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return at;
    at -= 1;
  }
}
