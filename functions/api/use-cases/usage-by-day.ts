import type { z } from "zod";
import type { Sql } from "#shared/db/connect.ts";
import { tokenPriceOf } from "#shared/embeddings/token-prices.ts";
import { modelsInUse, readUsage, type Usage, type UsageOfDay } from "#shared/syncs/operations/usage.ts";
import type { getUsage } from "#functions/api/contract/usage.ts";

type UsageBody = z.input<(typeof getUsage)["responses"][200]>;
type UsageJson = UsageBody["totals"];

const DAY_MS = 24 * 60 * 60_000;
const MILLION = 1_000_000;

/** What operations used on each of the last `days` days, today included, in UTC; `price` takes the place of the models' list prices. */
export async function usageByDay(
  sql: Sql,
  request: { days: number; sourceId: string | null; price: number | undefined; now: Date },
): Promise<UsageBody> {
  const { days, sourceId, price, now } = request;
  const today = Math.floor(now.getTime() / DAY_MS);
  const since = new Date((today - days + 1) * DAY_MS);
  const rows = await readUsage(sql, { since, sourceId });
  const models = await modelsInUse(sql, sourceId);
  const [model = null] = models.length === 1 ? models : [];
  const priceOf = (name: string) => price ?? tokenPriceOf(name);
  const byDay = Map.groupBy(rows, ({ day }) => day);
  return {
    since: since.toISOString(),
    model,
    dollars_per_million_tokens: (model === null ? price : priceOf(model)) ?? null,
    days: Array.from({ length: days }, (_, n) => {
      const day = new Date(since.getTime() + n * DAY_MS).toISOString().slice(0, 10);
      return { day, ...sumOf(byDay.get(day) ?? [], priceOf) };
    }),
    totals: sumOf(rows, priceOf),
  };
}

function sumOf(rows: readonly UsageOfDay[], priceOf: (model: string) => number | undefined): UsageJson {
  const sum = (name: keyof Usage) => rows.reduce((total, row) => total + row[name], 0);
  return {
    operations: sum("operations"),
    embeddings_created: sum("embeddingsCreated"),
    embeddings_reused: sum("embeddingsReused"),
    embedding_tokens: sum("embeddingTokens"),
    dollars: dollarsOf(rows, priceOf),
    api_calls_made: sum("apiCallsMade"),
    rate_limited_calls: sum("rateLimitedCalls"),
  };
}

/** Null where the price of a model that embedded something is not known: a part of the sum would look like all of it. */
function dollarsOf(
  rows: readonly UsageOfDay[],
  priceOf: (model: string) => number | undefined,
): number | null {
  let dollars = 0;
  for (const { model, embeddingTokens } of rows) {
    const price = embeddingTokens === 0 ? 0 : priceOf(model);
    if (price === undefined) return null;
    dollars += (embeddingTokens * price) / MILLION;
  }
  return dollars;
}
