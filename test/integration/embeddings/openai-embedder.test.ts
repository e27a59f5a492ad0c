import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openAiEmbedder } from "#shared/embeddings/openai-embedder.ts";

type Received = { model: string; input: string[]; dimensions?: number; authorization: string | undefined };

let server: Server;
let received: Received[];
let answer: (request: Received, response: ServerResponse) => void;

const vectorsOf = (input: readonly string[]) =>
  input.map((text, index) => ({ index, embedding: [text.length, 1] }));
const json = (response: ServerResponse, status: number, body: unknown, headers = {}) =>
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));

beforeEach(async () => {
  received = [];
  answer = (request, response) => json(response, 200, { data: vectorsOf(request.input) });
  server = createServer((request, response) => {
    void text(request).then((body) => {
      const parsed = { ...(JSON.parse(body) as Received), authorization: request.headers.authorization };
      received.push(parsed);
      answer(parsed, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const make = (options = {}) =>
  openAiEmbedder({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/`,
    apiKey: "secret-key",
    model: "some-model",
    dimensions: 2,
    requestDimensions: false,
    now: () => new Date("2026-03-01T12:00:00Z"),
    ...options,
  });

describe("openAiEmbedder", () => {
  it("the OpenAI embedder splits many texts into requests and returns vectors in their order", async () => {
    const texts = Array.from({ length: 300 }, (_, index) => "x".repeat(index + 1));
    const vectors = await make().embed(texts);
    expect(vectors.map(([length]) => length)).toEqual(texts.map((one) => one.length));
    expect(received.map((request) => request.input.length)).toEqual([256, 44]);
    expect(received[0]).toMatchObject({ model: "some-model", authorization: "Bearer secret-key" });
    expect(received[0]).not.toHaveProperty("dimensions");
  });

  it("the OpenAI embedder reads a key that is refused again, once a request, and goes on with the new one", async () => {
    answer = (request, response) =>
      request.authorization === "Bearer new-key"
        ? json(response, 200, { data: vectorsOf(request.input) })
        : json(response, 401, { error: { code: "invalid_api_key" } });
    const keys = ["secret-key", "new-key"];
    const embedder = make({ readApiKey: async () => keys.shift() });
    // The secret still has the old one.
    await expect(embedder.embed(["a"])).rejects.toMatchObject({ code: "embedding_refused" });
    expect(await embedder.embed(["ab"])).toEqual([[2, 1]]);
    await embedder.embed(["abc"]);
    expect(received.map(({ authorization }) => authorization)).toEqual([
      "Bearer secret-key",
      "Bearer secret-key",
      "Bearer new-key",
      "Bearer new-key",
    ]);
  });

  it("the OpenAI embedder hands over the vectors of each request, also when a later one fails", async () => {
    answer = (request, response) =>
      received.length === 2
        ? json(response, 503, {})
        : json(response, 200, { data: vectorsOf(request.input) });
    const texts = Array.from({ length: 300 }, (_, index) => "x".repeat(index + 1));
    const arrived = new Map<number, number>();
    const onVectors = (first: number, vectors: readonly number[][]) => {
      for (const [index, [length = 0]] of vectors.entries()) arrived.set(first + index, length);
    };
    await expect(make().embed(texts, { onVectors })).rejects.toMatchObject({ code: "embedding_unavailable" });
    expect([...arrived]).toEqual(texts.slice(0, 256).map((one, index) => [index, one.length]));
  });

  it("the OpenAI embedder reorders vectors that arrive out of order", async () => {
    answer = (request, response) => json(response, 200, { data: vectorsOf(request.input).reverse() });
    expect(await make().embed(["a", "bb", "ccc"])).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
    ]);
  });

  it("the OpenAI embedder requests shortened vectors and includes their length in the model's name", async () => {
    const embedder = make({ requestDimensions: true });
    await embedder.embed(["a"]);
    expect(received[0]?.dimensions).toBe(2);
    expect(embedder.model).toBe("some-model@2");
  });

  it.each([
    ["7", 7000],
    ["Sun, 01 Mar 2026 12:00:30 GMT", 30_000],
    ["999999", 900_000],
    ["Sun, 01 Mar 2026 11:59:00 GMT", 0],
    ["soon", 20_000],
    [" ", 20_000],
    [null, 20_000],
  ])("a 429 of the embedding endpoint with Retry-After %s waits %d ms", async (header, retryAfterMs) => {
    answer = (_, response) =>
      json(
        response,
        429,
        { error: { code: "rate_limit_exceeded" } },
        header ? { "retry-after": header } : {},
      );
    await expect(make().embed(["a"])).rejects.toMatchObject({ name: "RateLimitedError", retryAfterMs });
  });

  it.each([
    [429, { error: { code: "insufficient_quota" } }, "PermanentError", "embedding_refused"],
    [401, { error: { code: "invalid_api_key" } }, "PermanentError", "embedding_refused"],
    [400, { error: { code: "context_length_exceeded" } }, "PermanentError", "embedding_refused"],
    [503, "overloaded", "TransientError", "embedding_unavailable"],
    [200, { data: [{ index: 0, embedding: [1, 1] }] }, "TransientError", "embedding_count_mismatch"],
    [200, { data: "nonsense" }, "TransientError", "embedding_invalid_answer"],
  ])("a %d %j of the embedding endpoint is a %s", async (status, body, name, code) => {
    answer = (_, response) => json(response, status, body);
    await expect(make().embed(["a", "b"])).rejects.toMatchObject({ name, code });
  });

  it("the OpenAI embedder reports the tokens that the endpoint counted per request, and none where it counts none", async () => {
    const counted: number[] = [];
    const embedder = make();
    for (const usage of [{ total_tokens: 9 }, {}, undefined]) {
      answer = (request, response) => json(response, 200, { data: vectorsOf(request.input), usage });
      await embedder.embed(["a"], { onTokens: (tokens) => counted.push(tokens) });
    }
    expect(counted).toEqual([9]);
  });

  it("the OpenAI embedder reports the status and the reason of a refusal", async () => {
    answer = (_, response) => json(response, 400, { error: { type: "invalid_request_error" } });
    await expect(make().embed(["a"])).rejects.toMatchObject({
      message: "The embeddings endpoint returned 400 (invalid_request_error)",
      details: { status: 400 },
    });
  });

  it("the OpenAI embedder stops waiting once the caller has given up", async () => {
    const controller = new AbortController();
    answer = () => controller.abort();
    await expect(make().embed(["a"], { signal: controller.signal })).rejects.toMatchObject({
      code: "embedding_unreachable",
    });
  });

  it("the OpenAI embedder treats a response that breaks off as transient", async () => {
    answer = (_, response) =>
      response.writeHead(200, { "content-type": "application/json" }).end('{"data": [');
    await expect(make().embed(["a"])).rejects.toMatchObject({
      name: "TransientError",
      code: "embedding_invalid_answer",
    });
  });

  it("the OpenAI embedder gives up on an endpoint that does not respond", async () => {
    answer = () => {};
    await expect(make({ timeoutMs: 50 }).embed(["a"])).rejects.toMatchObject({
      code: "embedding_unreachable",
      message: "The embeddings endpoint did not reply in time",
    });
  });

  it("the OpenAI embedder reports a refused connection", async () => {
    await expect(make({ url: await freedUrl() }).embed(["a"])).rejects.toMatchObject({
      code: "embedding_unreachable",
      message: "The embeddings endpoint cannot be reached (ECONNREFUSED)",
    });
  });

  it("the OpenAI embedder follows no redirect: the key belongs to one host", async () => {
    answer = (_, response) => response.writeHead(307, { location: "https://elsewhere.example/" }).end();
    await expect(make().embed(["a"])).rejects.toMatchObject({ code: "embedding_unreachable" });
  });

  it("the OpenAI embedder never quotes the key in an error", async () => {
    answer = (_, response) =>
      json(response, 401, { error: { code: "invalid_api_key", message: "Bearer secret-key" } });
    const error = await make()
      .embed(["a"])
      .catch((thrown: unknown) => thrown);
    expect(String(error) + JSON.stringify(error)).not.toContain("secret-key");
  });
});

/** An address where nothing listens any more. */
async function freedUrl(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
}
