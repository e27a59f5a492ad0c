import { z } from "zod";
import { PermanentError, TransientError } from "#shared/errors.ts";
import type { Ranking, Reranker } from "./reranker.ts";

export type BedrockRerankerOptions = {
  /** One of `RERANK_MODELS`. */
  model: string;
  /** Of that model, in the region that `fetch` calls. */
  modelArn: string;
  /** POSTs to Bedrock's agent runtime endpoint, signed. */
  fetch: (path: string, init: RequestInit) => Promise<Response>;
  timeoutMs?: number;
};

/** A person waits for it, and results in the retrievers' order are better than late ones. */
const TIMEOUT_MS = 2000;
/** Cohere reads 2,048 tokens of a query; a character is hardly ever more than one. */
const MAX_QUERY_LENGTH = 2000;
/** The API takes 32,000 characters. Some 1,000 tokens contain any chunk but a table's or program's, and what is longer is charged twice. */
const MAX_DOCUMENT_LENGTH = 4000;

/** Rerank's response (API reference, agent-runtime Rerank); `index` is the position in the request's `sources`. */
const rerankResponse = z.object({
  results: z.array(z.object({ index: z.int().min(0), relevanceScore: z.number() })).min(1),
});

/**
 * Reranks by Amazon Bedrock, in one call. Throws `TransientError` (`reranking_unreachable`, `reranking_unavailable`,
 * `reranking_invalid_response`) and `PermanentError` (`reranking_refused`).
 */
export function bedrockReranker(options: BedrockRerankerOptions): Reranker {
  return {
    model: options.model,
    rerank: async (query, documents) => {
      const timeout = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS);
      const response = await post(options, rerankRequest(query, documents, options.modelArn), timeout);
      if (!response.ok) throw refusal(response, options.model);
      const body = await response.json().catch((error: unknown) => {
        if (timeout.aborted) throw unreachable(error);
        throw invalidResponse("something else than JSON", error);
      });
      return readRankings(body, documents.length);
    },
  };
}

function rerankRequest(query: string, documents: readonly string[], modelArn: string) {
  return {
    queries: [{ type: "TEXT", textQuery: { text: cut(query, MAX_QUERY_LENGTH) } }],
    sources: documents.map((document) => ({
      type: "INLINE",
      inlineDocumentSource: {
        type: "TEXT",
        textDocument: { text: cut(document, MAX_DOCUMENT_LENGTH) },
      },
    })),
    rerankingConfiguration: {
      type: "BEDROCK_RERANKING_MODEL",
      bedrockRerankingConfiguration: {
        // Otherwise the model decides how many it returns.
        numberOfResults: documents.length,
        modelConfiguration: { modelArn },
      },
    },
  };
}

/** Half a surrogate pair is no text to the other side. */
const cut = (text: string, length: number) => text.slice(0, length).toWellFormed();

async function post(options: BedrockRerankerOptions, body: unknown, signal: AbortSignal): Promise<Response> {
  try {
    return await options.fetch("/rerank", {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(body),
      signal,
    });
  } catch (error) {
    throw unreachable(error);
  }
}

function readRankings(body: unknown, documents: number): Ranking[] {
  const parsed = rerankResponse.safeParse(body);
  if (!parsed.success) throw invalidResponse("something else than rankings", parsed.error);
  const rankings = parsed.data.results.map(({ index, relevanceScore }) => ({ index, score: relevanceScore }));
  const outside = rankings.find(({ index }) => index >= documents);
  if (outside) throw invalidResponse(`index ${outside.index} for ${documents} documents`);
  if (new Set(rankings.map(({ index }) => index)).size < rankings.length) {
    throw invalidResponse("a document twice");
  }
  return rankings.toSorted((a, b) => b.score - a.score);
}

function invalidResponse(what: string, cause?: unknown): TransientError {
  return new TransientError("reranking_invalid_response", `Bedrock returned ${what}`, { cause });
}

function unreachable(cause: unknown): TransientError {
  const late = cause instanceof Error && ["TimeoutError", "AbortError"].includes(cause.name);
  const reason = late ? "did not rerank in time" : "cannot be reached";
  return new TransientError("reranking_unreachable", `Bedrock ${reason}`, { cause });
}

/** `x-amzn-errortype` names the fault; its message may quote the texts and is left out. */
function refusal(response: Response, model: string): Error {
  const fault = response.headers.get("x-amzn-errortype")?.split(":")[0] ?? `status ${response.status}`;
  const details = { status: response.status };
  const message = `Bedrock refused ${model}: ${fault}`;
  return [408, 424, 429].includes(response.status) || response.status >= 500
    ? new TransientError("reranking_unavailable", message, { details })
    : new PermanentError("reranking_refused", message, { details });
}
