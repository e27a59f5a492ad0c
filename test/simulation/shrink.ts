import type postgres from "postgres";
import { runHistory, type HistoryOptions, type HistoryResult } from "./history.ts";

/** A history that failed; `isRepeatable`: whether it failed again, undefined where that was not tried. */
export type Failure = { options: HistoryOptions; result: HistoryResult; isRepeatable?: boolean };

/** Histories that a search for a shorter one may run. */
const MAX_TRIES = 60;

/**
 * The shortest history found that still fails: fewer rounds first, then rounds in which nobody does anything. `reset` empties
 * the database before each. A history that does not fail when it is run again (its workers wait for a real server) is as it was,
 * with `isRepeatable` false.
 */
export async function shrinkHistory(
  sql: postgres.Sql,
  { options: failing, result: found }: Failure,
  reset: () => Promise<void>,
): Promise<Failure> {
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
  if (!result) return { options: failing, result: found, isRepeatable: false };
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
  return { options: best, result, isRepeatable: true };
}

/** What a person needs to understand and to repeat it. */
export function describeFailure({ options, result, isRepeatable }: Failure): string {
  return [
    `seed ${result.seed}, ${options.rounds} rounds: ${result.violation}${isRepeatable === false ? " (not when run again)" : ""}`,
    ...result.story.map((line) => `  ${line}`),
    `trace ${result.traceHash}`,
  ].join("\n");
}
