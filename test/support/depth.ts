/** How many cases generated tests try in `npm test`; `.ci/run` and `npm run test:deep` set others (test/README.md). */
const DEEP_PROPERTY_RUNS = 10_000;
const PROPERTY_RUNS = number("PROPERTY_RUNS", 500);
/** Fewer cases of a property find almost nothing. */
const FEWEST_RUNS = 50;

export const HISTORIES = number("SIMULATION_HISTORIES", 20);
export const KILLS = number("KILLS", 3);
export const HOSTILE_KILOBYTES = number("HOSTILE_KILOBYTES", 256);

/** The number of cases of a property that tries `deep` cases if PROPERTY_RUNS is 10,000. */
export function propertyRuns(deep: number): number {
  const share = Math.ceil((deep * PROPERTY_RUNS) / DEEP_PROPERTY_RUNS);
  return Math.max(share, Math.min(deep, FEWEST_RUNS));
}

function number(variable: string, otherwise: number): number {
  const given = process.env[variable];
  if (given === undefined) return otherwise;
  if (!/^[1-9]\d*$/.test(given)) throw new Error(`${variable}=${given} must be a whole number above 0`);
  return Number(given);
}
