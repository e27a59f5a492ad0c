/** Nodes that a reader passes if they pass the parent: `parents[i]` is that of `nodes[i]`, 0 if it has none. */
export type OwnNodes = { nodes: Numbers; parents: Numbers };
/** Arrays of integers, because a reader may pass 100,000. */
type Numbers = Int32Array | readonly number[];

const PASSED = 1;
const BARRED = 2;

/** The nodes that are passed with all above them, as a bitmap: bit n, from the lowest of each byte, is node n. */
export function passedNodes({ nodes, parents }: OwnNodes): Uint8Array {
  let last = 0;
  for (const node of nodes) last = Math.max(last, node);
  // -1: not passed for itself.
  const parentOf = new Int32Array(last + 1).fill(-1);
  for (const [index, node] of nodes.entries()) parentOf[node] = parents[index] ?? -1;
  const states = new Uint8Array(last + 1);
  states[0] = PASSED;
  const bits = new Uint8Array((last >> 3) + 1);
  for (const node of nodes) {
    const path: number[] = [];
    let at = node;
    while (at >= 0 && at <= last && states[at] === 0) {
      path.push(at);
      // Seen again, it is in a circle, which no top is above.
      states[at] = BARRED;
      at = parentOf[at] ?? -1;
    }
    if (states[at] !== PASSED) continue;
    for (const one of path) {
      states[one] = PASSED;
      bits[one >> 3] = (bits[one >> 3] ?? 0) | (1 << (one & 7));
    }
  }
  return bits;
}
