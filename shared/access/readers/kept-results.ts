/** Results kept in memory; of many readers the ones that were not asked for longest are dropped. */
const MAX_KEPT = 200;

/**
 * Keeps what is expensive to work out, by everything that it follows from: a key that is equal means a result that is equal, as long as it
 * `isCurrent`. A key of null: nothing is kept.
 */
export function keptResults<T>() {
  const kept = new Map<string, T>();
  return async (
    key: string | null,
    { make, isCurrent }: { make: () => Promise<T>; isCurrent: (result: T) => boolean },
  ): Promise<T> => {
    if (key === null) return make();
    const known = kept.get(key);
    const result = known !== undefined && isCurrent(known) ? known : await make();
    kept.delete(key);
    kept.set(key, result);
    for (const oldest of kept.keys()) {
      if (kept.size <= MAX_KEPT) break;
      kept.delete(oldest);
    }
    return result;
  };
}
