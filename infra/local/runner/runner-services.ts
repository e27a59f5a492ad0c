import { childProcessExtractor } from "./extraction/child-process-extractor.ts";
import { confluence } from "#functions/runtime/providers/confluence.ts";
import { embedder } from "#functions/runtime/providers/embedder.ts";
import { reranker } from "#functions/runtime/providers/reranker.ts";
import { tokenCipher } from "#functions/runtime/providers/token-cipher.ts";
import type { Services } from "#functions/runtime/services.ts";
import type postgres from "postgres";
import { chosenModel } from "#shared/embeddings/embedding-models.ts";
import type { Embedder } from "#shared/embeddings/embedder.ts";
import { errorMessage, UserError } from "#shared/errors.ts";
import type { Env } from "#shared/env.ts";
import type { Log } from "#shared/log.ts";

type ChosenByEnv = Pick<Services, "confluence" | "embedder" | "extractor" | "reranker" | "cipher">;

/**
 * Tries a model before sources switch to it. Throws `UserError`
 * (`embedding_model_unusable`) when it does not reply.
 */
export async function requireNewModelWorks(sql: postgres.Sql, model: Embedder): Promise<void> {
  if ((await chosenModel(sql)) === model.model) return;
  try {
    await model.embed(["test"]);
  } catch (error) {
    throw new UserError(
      503,
      "embedding_model_unusable",
      `The model ${model.model} cannot be used: ${errorMessage(error)}. Check EMBEDDINGS, EMBEDDINGS_URL, EMBEDDINGS_MODEL and EMBEDDINGS_API_KEY; the sources keep their present model`,
      { cause: error },
    );
  }
}

/** The services that the environment selects, built once for this runner; `given` ones are used as they are. */
export async function buildChosenServices(
  env: Env,
  log: Log,
  given: Partial<Services>,
): Promise<ChosenByEnv> {
  return {
    confluence: given.confluence ?? (await confluence.build(env, log)),
    embedder: given.embedder ?? (await embedder.build(env, log)),
    extractor: given.extractor ?? childProcessExtractor(env, log),
    reranker: given.reranker ?? (await reranker.build(env, log)),
    cipher: given.cipher ?? (await tokenCipher.build(env, log)),
  };
}
