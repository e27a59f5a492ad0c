type Steps<T extends readonly unknown[]> = { [K in keyof T]: () => PromiseLike<T[K]> };

/**
 * Runs steps of a transaction in their order, but sends each statement without waiting for the response to the one before: one round
 * trip for all. A step sends its statements as soon as it is called. When all have ended, rejects with the failure that came first, which
 * fails the later ones too: a step that went on after the transaction was rolled back would write outside of it.
 */
export async function pipelined<const T extends readonly unknown[]>(steps: Steps<T>): Promise<T> {
  const all: readonly (() => unknown)[] = steps;
  const failures: unknown[] = [];
  // A query is sent when it is awaited: by the wrapper, in turn. `Promise.allSettled` would await them after the last step was called.
  const running = all.map(async (step) => {
    try {
      return await step();
    } catch (error) {
      failures.push(error);
      throw error;
    }
  });
  const ended = await Promise.allSettled(running);
  if (failures.length > 0) throw failures[0];
  const results: unknown = ended.map((result) => result.status === "fulfilled" && result.value);
  return results as T;
}
