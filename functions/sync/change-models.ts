import { embeddingInput } from "#shared/chunking/embedding-input.ts";
import {
  changeModel,
  claimModelChange,
  releaseModelChange,
  sourcesToChange,
} from "#shared/documents/change-model.ts";
import { chosenModel } from "#shared/embeddings/embedding-models.ts";
import { PermanentError, RateLimitedError } from "#shared/errors.ts";
import { database } from "#functions/runtime/providers/database.ts";
import { embedder } from "#functions/runtime/providers/embedder.ts";
import { scheduleHandler } from "#functions/runtime/schedule.ts";
import type { ServicesOf } from "#functions/runtime/services.ts";

/** Outlives the function (60 s), so that two never embed the same chunks. */
const CLAIM_MS = 90_000;
/** Time to embed and store one batch; with less time left no further batch is started. */
const RESERVE_MS = 20_000;

/**
 * Each minute: moves sources that use another model to the configured one. Throws `PermanentError`
 * when the model refused pages: their source keeps its old model, which must raise an alarm. Changes nothing when a later
 * deployment chose another model: two of them would otherwise change each source back and forth.
 */
export async function changeModels(
  services: ServicesOf<"sql" | "embedder">,
  invocation: { remainingMs: () => number },
): Promise<{ embedded: number; deleted: number }> {
  const { sql, embedder: model, log } = services;
  const total = { embedded: 0, deleted: 0 };
  const refused: { source_id: string; page_id: string; code: string }[] = [];
  const chosen = await chosenModel(sql);
  if (chosen !== null && chosen !== model.model) {
    log.warn("model_change.outdated", { model: model.model, chosen });
    return total;
  }
  const inTime = () => invocation.remainingMs() > RESERVE_MS;
  for (const sourceId of await sourcesToChange(sql, model.model)) {
    if (!inTime()) break;
    const now = services.now();
    const until = new Date(now.getTime() + CLAIM_MS);
    if (!(await claimModelChange(sql, sourceId, { until, now }))) continue;
    try {
      const input: typeof embeddingInput = (title, chunk) => embeddingInput(title, chunk, model);
      const change = await changeModel(sql, model, { sourceId, input, inTime, now });
      const { refused: pages, ...progress } = change;
      log.info("model_change.advanced", { source_id: sourceId, model: model.model, ...progress });
      refused.push(...pages.map(({ pageId, code }) => ({ source_id: sourceId, page_id: pageId, code })));
      total.embedded += change.embedded;
      total.deleted += change.deleted;
    } catch (error) {
      // It waits for the next minutes' runs; every source would meet the same limit.
      if (!(error instanceof RateLimitedError)) throw error;
      log.warn("model_change.paused", { source_id: sourceId, retry_after_ms: error.retryAfterMs });
      break;
    } finally {
      await releaseModelChange(sql, sourceId);
    }
  }
  if (refused.length === 0) return total;
  for (const page of refused) log.error("model_change.refused", page);
  throw new PermanentError("model_change_refused", `${model.model} refused ${refused.length} pages`);
}

export const handler = scheduleHandler({ needs: [database, embedder], run: changeModels });
