import { seededRandom } from "#test/bench/storage/prose.ts";

export type Scores = { hit_at_1: number; hit_at_5: number; mrr: number };

/** Ranks from 1; null where the page was not found. */
export function scoreRanks(ranks: readonly (number | null)[]): Scores {
  const share = (limit: number) =>
    ranks.filter((rank) => rank !== null && rank <= limit).length / ranks.length;
  return { hit_at_1: round(share(1)), hit_at_5: round(share(5)), mrr: round(mean(ranks.map(reciprocal))) };
}

/** 95 % interval of the MRR, by bootstrap over the questions. */
export function mrrInterval(ranks: readonly (number | null)[]): { from: number; to: number } {
  return bootstrap(ranks.map(reciprocal));
}

/** 95 % interval of the difference in MRR, by paired bootstrap over the questions. */
export function pairedInterval(
  ours: readonly (number | null)[],
  others: readonly (number | null)[],
): { difference: number; from: number; to: number } {
  const differences = ours.map((rank, index) => reciprocal(rank) - reciprocal(others[index] ?? null));
  return { difference: round(mean(differences)), ...bootstrap(differences) };
}

function bootstrap(values: readonly number[], resamples = 2000): { from: number; to: number } {
  const random = seededRandom(11);
  const means = Array.from({ length: resamples }, () =>
    mean(values.map(() => values[Math.floor(random() * values.length)] ?? 0)),
  ).sort((a, b) => a - b);
  const at = (share: number) => round(means[Math.floor(share * resamples)] ?? Number.NaN);
  return { from: at(0.025), to: at(0.975) };
}

const reciprocal = (rank: number | null) => (rank === null ? 0 : 1 / rank);
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const round = (value: number) => Math.round(value * 1000) / 1000;
