import type postgres from "postgres";
import { runHistory, type HistoryOptions, type HistoryResult } from "./history.ts";

/** Histories that a search for a shorter one may run. */
const MAX_TRIES = 60;

/**
 * The shortest history found that still fails: fewer rounds first, then rounds in which nobody does anything. `reset` empties
 * the database before each. A history that does not fail when it is run again (its workers wait for a real server) is as it was.
 */
export async function shrinkHistory(
  sql: postgres.Sql,
  { options: failing, result: found }: { options: HistoryOptions; result: HistoryResult },
  reset: () => Promise<void>,
): Promise<{ options: HistoryOptions; result: HistoryResult }> {
  let tries = 0;
  const fails = async (options: HistoryOptions): Promise<HistoryResult | null> => {
    tries += 1;
    if (tries > MAX_TRIES) return null;
    await reset();
    const result = await runHistory(sql, options);
    return result.violation ? result : null;
  };
  let best = failing;
  let result = await fails(best);
  if (!result) return { options: failing, result: found };
  for (let rounds = Math.floor(best.rounds / 2); rounds >= 1;) {
    const shorter = await fails({ ...best, rounds });
    if (shorter) {
      [best, result] = [{ ...best, rounds }, shorter];
      rounds = Math.floor(rounds / 2);
    } else if (best.rounds - rounds <= 1) break;
    else rounds = Math.ceil((rounds + best.rounds) / 2);
  }
  for (let round = best.rounds - 1; round >= 0; round -= 1) {
    const quieter = { ...best, without: new Set([...(best.without ?? []), round]) };
    const still = await fails(quieter);
    if (still) [best, result] = [quieter, still];
  }
  return { options: best, result };
}

/** What a person needs to understand and to repeat it. */
export function describeFailure(options: HistoryOptions, result: HistoryResult): string {
  return [
    `seed ${result.seed}, ${options.rounds} rounds: ${result.violation}`,
    ...result.story.map((line) => `  ${line}`),
    `trace ${result.traceHash}`,
  ].join("\n");
}
