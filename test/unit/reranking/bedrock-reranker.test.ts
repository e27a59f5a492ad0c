import { expect, it } from "vitest";
import { bedrockReranker } from "#shared/reranking/bedrock-reranker.ts";

const model = "cohere.rerank-v3-5:0";
const modelArn = `arn:aws:bedrock:eu-central-1::foundation-model/${model}`;

function bedrock(respond: () => Response) {
  const requests: { path: string; method: string | undefined; body: unknown }[] = [];
  const reranker = bedrockReranker({
    model,
    modelArn,
    fetch: async (path, init) => {
      const body: unknown = JSON.parse(typeof init.body === "string" ? init.body : "null");
      requests.push({ path, method: init.method, body });
      return respond();
    },
  });
  return { reranker, requests };
}

const ranked = (...results: [index: number, relevanceScore: number][]) =>
  Response.json({ results: results.map(([index, relevanceScore]) => ({ index, relevanceScore })) });

it("Bedrock's reranker gets the query and all documents in one request, and returns them best first", async () => {
  const { reranker, requests } = bedrock(() => ranked([0, 0.1], [2, 0.9], [1, 0.4]));
  expect(await reranker.rerank("how?", ["a", "b", "c"])).toEqual([
    { index: 2, score: 0.9 },
    { index: 1, score: 0.4 },
    { index: 0, score: 0.1 },
  ]);
  const source = (text: string) => ({
    type: "INLINE",
    inlineDocumentSource: { type: "TEXT", textDocument: { text } },
  });
  expect(requests).toEqual([
    {
      path: "/rerank",
      method: "POST",
      body: {
        queries: [{ type: "TEXT", textQuery: { text: "how?" } }],
        sources: [source("a"), source("b"), source("c")],
        rerankingConfiguration: {
          type: "BEDROCK_RERANKING_MODEL",
          bedrockRerankingConfiguration: { numberOfResults: 3, modelConfiguration: { modelArn } },
        },
      },
    },
  ]);
});

it("Bedrock's reranker gets what the models read of long texts, never half a character", async () => {
  const { reranker, requests } = bedrock(() => ranked([0, 1]));
  await reranker.rerank(`${"q".repeat(1999)}😀`, [`${"d".repeat(3999)}😀`]);
  expect(requests[0]?.body).toMatchObject({
    queries: [{ textQuery: { text: `${"q".repeat(1999)}\uFFFD` } }],
    sources: [{ inlineDocumentSource: { textDocument: { text: `${"d".repeat(3999)}\uFFFD` } } }],
  });
});

it.each([
  ["an index that no document has", ranked([0, 1], [2, 0.5])],
  ["a negative index", ranked([-1, 1])],
  ["a document twice", ranked([1, 1], [1, 0.5])],
  ["no rankings", ranked()],
  ["something else", Response.json({ message: "hm" })],
  ["no JSON", new Response("<html>")],
])("rankings with %s are refused as a transient error", async (_, response) => {
  const { reranker } = bedrock(() => response);
  await expect(reranker.rerank("how?", ["a", "b"])).rejects.toMatchObject({
    name: "TransientError",
    code: "reranking_invalid_response",
  });
});

it.each([
  [408, "TransientError", "reranking_unavailable"],
  [424, "TransientError", "reranking_unavailable"],
  [429, "TransientError", "reranking_unavailable"],
  [500, "TransientError", "reranking_unavailable"],
  [503, "TransientError", "reranking_unavailable"],
  [400, "PermanentError", "reranking_refused"],
  [403, "PermanentError", "reranking_refused"],
])("status %i of Bedrock's reranker is a %s, with the fault but not the text", async (status, name, code) => {
  const headers = { "x-amzn-errortype": "SomeException:http://internal.amazon.com/" };
  const { reranker } = bedrock(() => new Response("the text is quoted here", { status, headers }));
  const error: unknown = await reranker.rerank("how?", ["a", "b"]).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name, code, details: { status } });
  expect(String(error)).toMatch(/: SomeException$/);
});
