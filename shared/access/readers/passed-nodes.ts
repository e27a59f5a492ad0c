/** Nodes that a reader passes if they pass the parent: `parents[i]` is that of `nodes[i]`, 0 if it has none. */
export type OwnNodes = { nodes: Numbers; parents: Numbers };
/** Arrays of integers, because a reader may pass 100,000. */
type Numbers = Int32Array | readonly number[];

const PASSED = 1;
const BARRED = 2;

/** The nodes that are passed with all above them, as a bitmap: bit n, from the lowest of each byte, is node n. */
export function passedNodes({ nodes, parents }: OwnNodes): Uint8Array {
  let last = 0;
  for (const node of nodes) if (node > last) last = node;
  // -1: not passed for itself.
  const parentOf = new Int32Array(last + 1).fill(-1);
  for (let index = 0; index < nodes.length; index += 1) parentOf[nodes[index] ?? 0] = parents[index] ?? -1;
  const states = new Uint8Array(last + 1);
  states[0] = PASSED;
  const bits = new Uint8Array((last >> 3) + 1);
  for (const node of nodes) {
    let top = node;
    while (top >= 0 && top <= last && states[top] === 0) {
      // Seen again, it is in a circle, which no top is above.
      states[top] = BARRED;
      top = parentOf[top] ?? -1;
    }
    if (states[top] !== PASSED) continue;
    for (let at = node; at !== top; at = parentOf[at] ?? -1) {
      states[at] = PASSED;
      bits[at >> 3] = (bits[at >> 3] ?? 0) | (1 << (at & 7));
    }
  }
  return bits;
}
