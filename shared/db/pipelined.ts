type Steps<T extends readonly unknown[]> = { [K in keyof T]: () => PromiseLike<T[K]> };

/**
 * Runs steps of a transaction in their order, but sends each statement without waiting for the response to the one before: one round
 * trip for all. A step sends its statements as soon as it is called. Rejects with the first failure, which fails the later ones too.
 */
export async function pipelined<const T extends readonly unknown[]>(steps: Steps<T>): Promise<T> {
  const all: readonly (() => unknown)[] = steps;
  // A query is sent when it is awaited: by the wrapper, in turn. `Promise.all` would await them after the last step was called.
  const results: unknown = await Promise.all(all.map(async (step) => step()));
  return results as T;
}
