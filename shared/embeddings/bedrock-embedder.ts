import { z } from "zod";
import { PermanentError, RateLimitedError, TransientError } from "#shared/errors.ts";
import { batchTexts } from "./batch-texts.ts";
import type { EmbedOptions, Embedder } from "./embedder.ts";
import { retryAfterMs } from "./retry-after.ts";
import { unreachable } from "./unreachable.ts";

export type BedrockOptions = {
  /** `amazon.titan-embed-text-v2:0`, or one of Cohere's `cohere.embed-…`. */
  model: string;
  dimensions: number;
  /** POSTs to Bedrock's runtime endpoint, signed. */
  fetch: (path: string, init: RequestInit) => Promise<Response>;
  now?: () => Date;
};

type Purpose = "document" | "query";

/** How a family of models is asked: texts in, vectors out. */
type Family = {
  maxTexts: number;
  /** Of a text, in Unicode characters; what is longer is refused. Absent: the model cuts it itself. */
  maxCharacters?: number;
  request: (texts: readonly string[], dimensions: number, purpose: Purpose) => unknown;
  vectors: (response: unknown) => number[][];
};

/** Titan Text Embeddings v2 takes one text a call (Bedrock user guide, model parameters). */
const titanResponse = z.object({ embedding: z.array(z.number()) });
const titan: Family = {
  maxTexts: 1,
  request: ([text], dimensions) => ({ inputText: text, dimensions, normalize: true }),
  vectors: (response) => [titanResponse.parse(response).embedding],
};

/** Cohere Embed takes at most 96 texts, and distinguishes documents from queries (Bedrock user guide, model parameters). */
const cohereResponse = z.object({ embeddings: z.object({ float: z.array(z.array(z.number())) }) });
const cohere = (choosesDimensions: boolean): Family => ({
  maxTexts: 96,
  // Embed v3 refuses a longer text before it would cut it at its 512 tokens (Bedrock user guide, Cohere Embed v3: "texts").
  ...(choosesDimensions ? {} : { maxCharacters: 2048 }),
  request: (texts, dimensions, purpose) => ({
    texts,
    input_type: purpose === "query" ? "search_query" : "search_document",
    embedding_types: ["float"],
    ...(choosesDimensions ? { output_dimension: dimensions, truncate: "RIGHT" } : { truncate: "END" }),
  }),
  vectors: (response) => cohereResponse.parse(response).embeddings.float,
});

/** Bedrock counts tokens a minute; a request of this size is far from any model's limit and fast to repeat. */
const MAX_TOKENS = 50_000;
/** Calls at the same time: a page of 25 chunks takes Titan a second instead of four. */
const PARALLEL_CALLS = 6;
const TIMEOUT_MS = 30_000;

/** Embeddings by Amazon Bedrock. Throws `PermanentError` (`embedding_model_unknown`) for a model of another family. */
export function bedrockEmbedder(options: BedrockOptions): Embedder {
  const family = familyOf(options.model);
  return {
    model: `${options.model}@${options.dimensions}`,
    dimensions: options.dimensions,
    embed: async (texts, { signal, purpose = "document", onTokens, onVectors } = {}) => {
      const batches = batchTexts(texts, { maxTexts: family.maxTexts, maxTokens: MAX_TOKENS });
      const vectors: number[][] = [];
      for (let start = 0; start < batches.length; start += PARALLEL_CALLS) {
        const together = batches.slice(start, start + PARALLEL_CALLS);
        // All are awaited: what arrives beside a failed call is paid for as well.
        const settled = await Promise.allSettled(
          together.map((batch) => embedBatch(options, family, batch, { purpose, signal, onTokens })),
        );
        let first = vectors.length;
        for (const [index, result] of settled.entries()) {
          if (result.status === "fulfilled") onVectors?.(first, result.value);
          first += together[index]?.length ?? 0;
        }
        for (const result of settled) {
          if (result.status === "rejected") throw result.reason;
          vectors.push(...result.value);
        }
      }
      return vectors;
    },
  };
}

function familyOf(model: string): Family {
  if (model.startsWith("amazon.titan-embed-text-v2")) return titan;
  if (model.includes("cohere.embed-v4")) return cohere(true);
  if (model.includes("cohere.embed-")) return cohere(false);
  throw new PermanentError(
    "embedding_model_unknown",
    `Bedrock model ${model} is not known here: use amazon.titan-embed-text-v2:0 or one of cohere.embed-…`,
  );
}

function firstCharacters(text: string, count: number): string {
  return text.length <= count ? text : Array.from(text).slice(0, count).join("");
}

async function embedBatch(
  options: BedrockOptions,
  family: Family,
  texts: readonly string[],
  call: EmbedOptions & { purpose: Purpose },
): Promise<number[][]> {
  const { maxCharacters = Infinity } = family;
  const request = family.request(
    texts.map((text) => firstCharacters(text, maxCharacters)),
    options.dimensions,
    call.purpose,
  );
  const response = await invoke(options, request, call.signal);
  if (!response.ok) throw refusal(response, options);
  // Bedrock counts the input of every model in this header (InvokeModel's response).
  const tokens = Number(response.headers.get("x-amzn-bedrock-input-token-count"));
  if (tokens > 0) call.onTokens?.(tokens);
  const vectors = await response
    .json()
    .then(family.vectors)
    .catch((error: unknown) => {
      throw new TransientError("embedding_invalid_answer", "Bedrock returned something else than vectors", {
        cause: error,
      });
    });
  if (vectors.length === texts.length) return vectors;
  throw new TransientError(
    "embedding_count_mismatch",
    `Bedrock returned ${vectors.length} vectors for ${texts.length} texts`,
  );
}

async function invoke(
  options: BedrockOptions,
  body: unknown,
  signal: AbortSignal | undefined,
): Promise<Response> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  try {
    return await options.fetch(`/model/${encodeURIComponent(options.model)}/invoke`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
  } catch (error) {
    throw unreachable("Bedrock", error);
  }
}

/** `x-amzn-errortype` names the fault; its message may quote the text and is left out. */
function refusal(response: Response, options: BedrockOptions): Error {
  const fault = response.headers.get("x-amzn-errortype")?.split(":")[0] ?? `status ${response.status}`;
  const said = `Bedrock refused ${options.model}: ${fault}`;
  if (response.status === 429) {
    const now = options.now?.() ?? new Date();
    return new RateLimitedError(said, retryAfterMs(response.headers.get("retry-after"), now));
  }
  if (response.status === 408 || response.status === 424 || response.status >= 500) {
    return new TransientError("embedding_unavailable", said);
  }
  return new PermanentError("embedding_refused", said, { details: { status: response.status } });
}
