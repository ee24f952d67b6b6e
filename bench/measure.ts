/** One piece of work, beside a known operation over the same data in the same numbers. */
export interface Bench {
  /** As it stands in `budget.json`. */
  readonly name: string;
  /** How many units one run does. */
  readonly count: number;
  /** Does the work; what it gives back depends on all of it, so that no compiler can leave a part out. */
  readonly run: () => number;
  readonly beside: () => number;
}

/** What a bench costs here and now. */
export interface Measured {
  readonly name: string;
  /** Nanoseconds per unit; true of this machine only. */
  readonly ns: number;
  /** Cost of the work over that of the operation beside it; much the same on every machine. */
  readonly ratio: number;
}

interface Prepared {
  readonly bench: Bench;
  /** How many runs make one slice of time. */
  readonly runs: number;
  readonly besideRuns: number;
  /** Milliseconds per run, a slice each. */
  readonly own: number[];
  readonly beside: number[];
}

const WARM_UP_MS = 150;
// Shorter than a scheduler's turn, so that most slices are not interrupted, and long enough to hold their share of garbage collection.
const SLICE_MS = 2;
const ROUNDS = 101;

let made = 0;

/**
 * Measures all benches in turn, round after round, so that what slows the machine for a while slows them all. A figure is the lower
 * quartile of its slices: other programs' turns only ever make a slice longer. (The CPU time of a thread would leave them out by itself,
 * but kernels tell it in steps that are longer than a slice.)
 * @throws Error when a bench made nothing: it would measure nothing
 */
export function measure(benches: readonly Bench[]): Measured[] {
  const prepared = benches.map(prepare);
  for (let round = 0; round < ROUNDS; round++) for (const each of prepared) measureOnce(each);
  return prepared.map(({ bench: { name, count }, own, beside }) => {
    const ms = lowerQuartile(own);
    return { name, ns: (ms * 1e6) / count, ratio: ms / lowerQuartile(beside) };
  });
}

function prepare(bench: Bench): Prepared {
  if (!(bench.run() > 0) || !(bench.beside() > 0)) throw new Error(`'${bench.name}' made nothing.`);
  return { bench, runs: runsPerSlice(bench.run), besideRuns: runsPerSlice(bench.beside), own: [], beside: [] };
}

// The second half of a warm-up tells how long a run takes once it is compiled.
function runsPerSlice(run: () => number): number {
  for (let used = 0; used < WARM_UP_MS; used += timeOf(run, 1));
  const times: number[] = [];
  for (let used = 0; used < WARM_UP_MS; used += times.at(-1) ?? 0) times.push(timeOf(run, 1));
  return Math.max(1, Math.round(SLICE_MS / lowerQuartile(times)));
}

function measureOnce({ bench, runs, besideRuns, own, beside }: Prepared): void {
  own.push(timeOf(bench.run, runs) / runs);
  beside.push(timeOf(bench.beside, besideRuns) / besideRuns);
}

/** Milliseconds of so many runs. */
function timeOf(run: () => number, runs: number): number {
  const before = performance.now();
  for (let at = 0; at < runs; at++) made += run();
  const time = performance.now() - before;
  if (Number.isNaN(made)) throw new Error('A bench made something that is no number.');
  return time;
}

function lowerQuartile(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 2] ?? Number.NaN;
}
