import { z } from "zod";
import { PermanentError, RateLimitedError, TransientError } from "#shared/errors.ts";
import { batchTexts } from "./batch-texts.ts";
import type { EmbedOptions, Embedder } from "./embedder.ts";
import { retryAfterMs } from "./retry-after.ts";
import { unreachable } from "./unreachable.ts";

export type OpenAiOptions = {
  /** Root of an OpenAI-compatible API, such as `https://api.openai.com/v1`. */
  url: string;
  apiKey: string | null;
  /** Reads the key again, because keys rotate: called when the server refuses the one that is used. */
  readApiKey?: () => Promise<string | null>;
  /** The provider's name of the model. */
  model: string;
  dimensions: number;
  /** Requests shortened vectors; only for models that support it (text-embedding-3-*). */
  requestDimensions: boolean;
  timeoutMs?: number;
  now?: () => Date;
  fetch?: typeof fetch;
};

/** A request takes at most 2,048 inputs and 300,000 tokens (OpenAI API reference); small ones fail and come back faster. */
const MAX_TEXTS = 256;
const MAX_TOKENS = 100_000;
const DEFAULT_TIMEOUT_MS = 30_000;

const responseSchema = z.object({
  data: z.array(z.object({ index: z.int().min(0), embedding: z.array(z.number()) })),
  /** Compatible servers may leave it out, or put anything there. */
  usage: z
    .object({ total_tokens: z.int().min(0) })
    .optional()
    .catch(undefined),
});
const refusalSchema = z.object({
  error: z.object({ code: z.string().nullish(), type: z.string().nullish() }),
});

/** Embeddings of any OpenAI-compatible endpoint. The model is stored with its dimensions, which are part of what it is. */
export function openAiEmbedder(given: OpenAiOptions): Embedder {
  const options = { ...given };
  return {
    model: `${options.model}@${options.dimensions}`,
    dimensions: options.dimensions,
    embed: async (texts, { signal, onTokens, onVectors } = {}) => {
      const vectors: number[][] = [];
      for (const batch of batchTexts(texts, { maxTexts: MAX_TEXTS, maxTokens: MAX_TOKENS })) {
        const arrived = await embedBatch(options, batch, { signal, onTokens });
        onVectors?.(vectors.length, arrived);
        vectors.push(...arrived);
      }
      return vectors;
    },
  };
}

async function embedBatch(
  options: OpenAiOptions,
  texts: readonly string[],
  { signal, onTokens }: EmbedOptions,
): Promise<number[][]> {
  let response = await post(options, texts, signal);
  if (response.status === 401 && (await readKeyAgain(options))) response = await post(options, texts, signal);
  if (!response.ok) throw await refusal(response, options);
  const body = await readJson(response);
  const parsed = responseSchema.safeParse(body);
  if (!parsed.success) {
    throw new TransientError("embedding_invalid_answer", "The embeddings endpoint returned something else", {
      details: { problem: z.prettifyError(parsed.error).slice(0, 300) },
    });
  }
  if (parsed.data.usage) onTokens?.(parsed.data.usage.total_tokens);
  // Providers may return them out of order: `index` says which text a vector is of.
  const byIndex = new Map(parsed.data.data.map((item) => [item.index, item.embedding]));
  return texts.flatMap((_, index) => {
    const vector = byIndex.get(index);
    if (vector) return [vector];
    throw new TransientError(
      "embedding_count_mismatch",
      `The embeddings endpoint returned ${byIndex.size} vectors for ${texts.length} texts`,
    );
  });
}

/** Whether there is another key by now. */
async function readKeyAgain(options: OpenAiOptions): Promise<boolean> {
  const refused = options.apiKey;
  const key = await options.readApiKey?.();
  if (key === undefined) return false;
  options.apiKey = key;
  return key !== refused;
}

async function post(
  options: OpenAiOptions,
  texts: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Response> {
  const timeout = AbortSignal.timeout(options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  const request = {
    model: options.model,
    input: texts,
    encoding_format: "float",
    ...(options.requestDimensions ? { dimensions: options.dimensions } : {}),
  };
  try {
    return await (options.fetch ?? fetch)(`${options.url.replace(/\/+$/, "")}/embeddings`, {
      method: "POST",
      redirect: "error",
      headers: {
        "content-type": "application/json",
        ...(options.apiKey ? { authorization: `Bearer ${options.apiKey}` } : {}),
      },
      body: JSON.stringify(request),
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
  } catch (error) {
    throw unreachable("The embeddings endpoint", error);
  }
}

async function refusal(response: Response, options: OpenAiOptions): Promise<Error> {
  const body = await response.json().catch(() => null);
  const parsed = refusalSchema.safeParse(body);
  const reason = (parsed.success && (parsed.data.error.code ?? parsed.data.error.type)) || null;
  const said = `The embeddings endpoint returned ${response.status}${reason ? ` (${reason})` : ""}`;
  if (response.status === 429 && reason !== "insufficient_quota") {
    const now = options.now?.() ?? new Date();
    return new RateLimitedError(said, retryAfterMs(response.headers.get("retry-after"), now));
  }
  if (response.status === 408 || response.status >= 500)
    return new TransientError("embedding_unavailable", said);
  // A key that does not work, an empty account, a text that is too long: the same request would end the same way.
  return new PermanentError("embedding_refused", said, { details: { status: response.status } });
}

async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch (error) {
    throw new TransientError("embedding_invalid_answer", "The embeddings endpoint's response broke off", {
      cause: error,
    });
  }
}
