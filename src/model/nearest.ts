/** The names, those most like `wanted` first: by the number of single-character edits, ties in the order given. */
export function nearestFirst(wanted: string, names: readonly string[]): readonly string[] {
  return names
    .map((name) => ({ name, edits: edits(wanted.toLowerCase().slice(0, 64), name.toLowerCase()) }))
    .toSorted((a, b) => a.edits - b.edits)
    .map(({ name }) => name);
}

// Levenshtein distance, one row at a time.
function edits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const swap = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
