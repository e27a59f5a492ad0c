import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { embedder } from "#functions/runtime/providers/embedder.ts";
import { reranker } from "#functions/runtime/providers/reranker.ts";
import { tokenCipher } from "#functions/runtime/providers/token-cipher.ts";
import { parseEnv } from "#shared/env.ts";
import { makeLog } from "#shared/log.ts";

const lines: Record<string, unknown>[] = [];
const log = makeLog(
  "info",
  (line) => lines.push(JSON.parse(line) as Record<string, unknown>),
  () => new Date(0),
);

beforeEach(() => {
  lines.length = 0;
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
});
afterEach(() => vi.unstubAllGlobals());
afterAll(() => vi.unstubAllEnvs());

/** In place of the network: the requests that were made, each answered by `respond`. */
function stubFetch(respond: (request: Request, body: unknown) => Response) {
  const requests: { url: string; body: unknown }[] = [];
  vi.stubGlobal("fetch", async (input: Request | string, init?: RequestInit) => {
    const request = new Request(input, init);
    const body: unknown = await request.json();
    requests.push({ url: request.url, body });
    return respond(request, body);
  });
  return requests;
}

describe("the reranking model", () => {
  it.each([
    ["us-east-1", "https://bedrock-agent-runtime.us-east-1.amazonaws.com/rerank", "aws"],
    ["us-gov-west-1", "https://bedrock-agent-runtime.us-gov-west-1.amazonaws.com/rerank", "aws-us-gov"],
    ["cn-north-1", "https://bedrock-agent-runtime.cn-north-1.amazonaws.com.cn/rerank", "aws-cn"],
  ])(
    "the reranking model of %s is asked at %s, as a model of the partition %s",
    async (region, url, partition) => {
      vi.stubEnv("AWS_REGION", region);
      const requests = stubFetch(() => Response.json({ results: [{ index: 0, relevanceScore: 1 }] }));
      const built = await reranker.build(parseEnv({ RERANK: "bedrock", AWS_REGION: region }), log);
      await built?.rerank("query", ["a"]);
      const modelArn = `arn:${partition}:bedrock:${region}::foundation-model/cohere.rerank-v3-5:0`;
      expect(requests).toMatchObject([
        {
          url,
          body: {
            rerankingConfiguration: { bedrockRerankingConfiguration: { modelConfiguration: { modelArn } } },
          },
        },
      ]);
    },
  );
});

describe("the embedding models of a deployment that switches", () => {
  const variables = {
    EMBEDDINGS: "openai",
    EMBEDDINGS_URL: "https://embeddings.example/v1",
    EMBEDDINGS_TOKEN_PRICE: "1000000",
    EMBEDDINGS_PREVIOUS: "openai",
    EMBEDDINGS_PREVIOUS_MODEL: "text-embedding-3-large",
  };

  it("each of two embedding models is asked for its own vectors, at its own price", async () => {
    const requests = stubFetch((_, body) =>
      Response.json({
        data: [
          { index: 0, embedding: (body as { model: string }).model === "own" ? [1] : Array(3072).fill(0.1) },
        ],
        usage: { prompt_tokens: 1_000_000, total_tokens: 1_000_000 },
      }),
    );
    const own = { EMBEDDINGS_MODEL: "own", EMBEDDINGS_DIMENSIONS: "1" };
    const built = await embedder.build(parseEnv({ ...variables, ...own }), log);
    await built.embed(["a text"]);
    await built.previous?.embed(["a text"]);
    expect(requests.map(({ body }) => body)).toMatchObject([
      { model: "own" },
      { model: "text-embedding-3-large" },
    ]);
    expect(requests[1]?.body).not.toHaveProperty("dimensions");
    // The deployment's price is that of its own model; the other one has its list price.
    expect(lines).toMatchObject([
      { model: "own@1", embedding_dollars: 1_000_000 },
      { model: "text-embedding-3-large@3072", embedding_dollars: 0.13 },
    ]);
  });

  it("the same model with other dimensions is another model", async () => {
    const dimensions = { EMBEDDINGS_MODEL: "text-embedding-3-large", EMBEDDINGS_DIMENSIONS: "256" };
    const built = await embedder.build(parseEnv({ ...variables, ...dimensions }), log);
    expect([built.model, built.previous?.model]).toEqual([
      "text-embedding-3-large@256",
      "text-embedding-3-large@3072",
    ]);
  });
});

it("tokens are encrypted by the key of a file where no key of KMS is named, for their source alone", async () => {
  const folder = await mkdtemp(join(tmpdir(), "token-key-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const env = parseEnv({ TOKEN_KEY_FILE: join(folder, "token.key") });
  const sealed = await (await tokenCipher.build(env, log)).encrypt("a token", "source-a");
  expect(sealed).not.toContain("a token");
  // Another process with the same file.
  const cipher = await tokenCipher.build(env, log);
  expect(await cipher.decrypt(sealed, "source-a")).toBe("a token");
  await expect(cipher.decrypt(sealed, "source-b")).rejects.toMatchObject({ code: "token_undecryptable" });
});
