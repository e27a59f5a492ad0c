/** A node that a reader passes if they pass its parent; 0: it has none. */
export type OwnNode = { node: number; parent: number };

/** The nodes that are passed with all above them, as a bitmap: bit n, from the lowest of each byte, is node n. */
export function passedNodes(nodes: readonly OwnNode[]): Uint8Array {
  const parents = new Map(nodes.map(({ node, parent }) => [node, parent]));
  const passed = new Map<number, boolean>([[0, true]]);
  let last = 0;
  for (const { node } of nodes) {
    const path: number[] = [];
    let at: number | undefined = node;
    while (at !== undefined && !passed.has(at)) {
      path.push(at);
      // Seen again, it is in a circle, which no top is above.
      passed.set(at, false);
      at = parents.get(at);
    }
    const isPassed = at !== undefined && passed.get(at) === true;
    for (const one of path) passed.set(one, isPassed);
    if (node > last) last = node;
  }
  const bits = new Uint8Array(Math.ceil((last + 1) / 8));
  for (const { node } of nodes) {
    if (passed.get(node)) bits[node >> 3] = (bits[node >> 3] ?? 0) | (1 << (node & 7));
  }
  return bits;
}
