/** Beyond this many differences two texts have little to do with each other; then only counts are compared. */
const MAX_DIFFERENCES = 3000;

export type Difference = { kept: number; lost: string[]; extra: string[] };

/** Compares two sequences in order (Myers' shortest edit script). */
export function compareInOrder(expected: readonly string[], actual: readonly string[]): Difference {
  const n = expected.length;
  const m = actual.length;
  const trace: Int32Array[] = [];
  const offset = Math.min(n + m, MAX_DIFFERENCES) + 1;
  let frontier = new Int32Array(2 * offset + 1);
  for (let d = 0; d < offset; d++) {
    trace.push(frontier.slice());
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && at(frontier, k - 1 + offset) < at(frontier, k + 1 + offset));
      let x = down ? at(frontier, k + 1 + offset) : at(frontier, k - 1 + offset) + 1;
      let y = x - k;
      while (x < n && y < m && expected[x] === actual[y]) {
        x++;
        y++;
      }
      frontier[k + offset] = x;
      if (x >= n && y >= m) return walkBack(trace, d, expected, actual, offset);
    }
    frontier = frontier.slice();
  }
  return compareCounts(expected, actual);
}

function walkBack(
  trace: readonly Int32Array[],
  distance: number,
  expected: readonly string[],
  actual: readonly string[],
  offset: number,
): Difference {
  const lost: string[] = [];
  const extra: string[] = [];
  let x = expected.length;
  let y = actual.length;
  for (let d = distance; d > 0; d--) {
    const frontier = trace[d] ?? new Int32Array();
    const k = x - y;
    const down = k === -d || (k !== d && at(frontier, k - 1 + offset) < at(frontier, k + 1 + offset));
    const previous = down ? k + 1 : k - 1;
    const px = at(frontier, previous + offset);
    const py = px - previous;
    if (down) extra.unshift(actual[py] ?? "");
    else lost.unshift(expected[px] ?? "");
    x = px;
    y = py;
  }
  return { kept: expected.length - lost.length, lost, extra };
}

function at(frontier: Int32Array, index: number): number {
  return frontier[index] ?? 0;
}

/** Compares two collections, order aside. */
export function compareCounts(expected: readonly string[], actual: readonly string[]): Difference {
  const counts = new Map<string, number>();
  for (const item of actual) counts.set(item, (counts.get(item) ?? 0) + 1);
  const lost: string[] = [];
  for (const item of expected) {
    const count = counts.get(item) ?? 0;
    if (count > 0) counts.set(item, count - 1);
    else lost.push(item);
  }
  const extra = [...counts].flatMap(([item, count]) => Array.from({ length: count }, () => item));
  return { kept: expected.length - lost.length, lost, extra };
}
