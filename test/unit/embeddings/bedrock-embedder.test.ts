import { describe, expect, it } from "vitest";
import { bedrockEmbedder } from "#shared/embeddings/bedrock-embedder.ts";

type Body = { inputText?: string; texts?: string[]; input_type?: string; output_dimension?: number };

function bedrock(model: string, answer: (body: Body, path: string) => Response) {
  const bodies: Body[] = [];
  let atOnce = 0;
  let most = 0;
  const embedder = bedrockEmbedder({
    model,
    dimensions: 2,
    now: () => new Date("2026-01-01T00:00:00Z"),
    fetch: async (path, init) => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      await Promise.resolve();
      const body = JSON.parse(typeof init.body === "string" ? init.body : "null") as Body;
      bodies.push(body);
      atOnce -= 1;
      return answer(body, path);
    },
  });
  return { embedder, bodies, mostAtOnce: () => most };
}

const texts = (count: number) => Array.from({ length: count }, (_, index) => `text ${index}`);
const vectorOf = (text: string) => [Number(text.split(" ")[1]), 1];

describe("Titan", () => {
  const TITAN = "amazon.titan-embed-text-v2:0";

  it("Titan gets one text per call, several calls at once, and vectors come back in order", async () => {
    const { embedder, bodies, mostAtOnce } = bedrock(TITAN, ({ inputText = "" }, path) => {
      expect(path).toBe("/model/amazon.titan-embed-text-v2%3A0/invoke");
      return Response.json({ embedding: vectorOf(inputText) });
    });
    expect(await embedder.embed(texts(20))).toEqual(texts(20).map(vectorOf));
    expect(bodies[0]).toEqual({ inputText: "text 0", dimensions: 2, normalize: true });
    expect(mostAtOnce()).toBe(6);
  });

  it("Titan's vectors are handed over as they arrive, also those beside and before a call that fails", async () => {
    const { embedder, bodies } = bedrock(TITAN, ({ inputText = "" }) =>
      inputText === "text 8"
        ? Response.json({}, { status: 400 })
        : Response.json({ embedding: vectorOf(inputText) }),
    );
    const arrived = new Map<number, number>();
    const onVectors = (first: number, vectors: readonly number[][]) => {
      for (const [index, [number = 0]] of vectors.entries()) arrived.set(first + index, number);
    };
    await expect(embedder.embed(texts(20), { onVectors })).rejects.toMatchObject({
      code: "embedding_refused",
    });
    expect([...arrived].toSorted(([a], [b]) => a - b)).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11].map((position) => [position, position]),
    );
    expect(bodies).toHaveLength(12);
  });

  it("Titan's tokens are reported as Bedrock counted them, call by call", async () => {
    const { embedder } = bedrock(TITAN, () =>
      Response.json({ embedding: [1, 1] }, { headers: { "x-amzn-bedrock-input-token-count": "7" } }),
    );
    const counted: number[] = [];
    await embedder.embed(texts(3), { onTokens: (tokens) => counted.push(tokens) });
    expect(counted).toEqual([7, 7, 7]);
  });

  it.each([
    [429, { name: "RateLimitedError", retryAfterMs: 7000 }],
    [503, { name: "TransientError", code: "embedding_unavailable" }],
    [500, { name: "TransientError", code: "embedding_unavailable" }],
    [408, { name: "TransientError", code: "embedding_unavailable" }],
    [424, { name: "TransientError", code: "embedding_unavailable" }],
    [400, { name: "PermanentError", code: "embedding_refused" }],
    [403, { name: "PermanentError", code: "embedding_refused", details: { status: 403 } }],
  ])("status %i of Bedrock has its remedy", async (status, expected) => {
    const { embedder } = bedrock(
      TITAN,
      () => new Response("the text is quoted here", { status, headers: { "retry-after": "7" } }),
    );
    const error: unknown = await embedder.embed(["text 0"]).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject(expected);
    expect(String(error)).not.toContain("quoted");
  });

  it("a Bedrock response without a vector is a transient error", async () => {
    const { embedder } = bedrock(TITAN, () => Response.json({ message: "hm" }));
    await expect(embedder.embed(["text 0"])).rejects.toMatchObject({ code: "embedding_invalid_answer" });
  });

  it("a Bedrock error contains the fault named in the response's header", async () => {
    const headers = { "x-amzn-errortype": "ValidationException:http://internal.amazon.com/" };
    const { embedder } = bedrock(TITAN, () => new Response("", { status: 400, headers }));
    await expect(embedder.embed(["text 0"])).rejects.toThrow(/: ValidationException$/);
  });

  it("no tokens are counted where Bedrock states none", async () => {
    const { embedder } = bedrock(TITAN, () => Response.json({ embedding: [1, 1] }));
    const counted: number[] = [];
    await embedder.embed(texts(2), { onTokens: (tokens) => counted.push(tokens) });
    expect(counted).toEqual([]);
  });

  it("a Bedrock call is abandoned once the caller has given up", async () => {
    const { signal, abort } = makeAbort();
    const embedder = bedrockEmbedder({
      model: TITAN,
      dimensions: 2,
      fetch: (_, init) =>
        new Promise((_resolve, reject) => {
          init.signal?.addEventListener("abort", () => reject(new DOMException("Aborted", "AbortError")));
          abort();
        }),
    });
    await expect(embedder.embed(["text 0"], { signal })).rejects.toMatchObject({
      code: "embedding_unreachable",
    });
  });
});

function makeAbort() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}

describe("Cohere", () => {
  it("Cohere gets up to 96 texts per call, marked as documents or queries", async () => {
    const { embedder, bodies } = bedrock("cohere.embed-v4:0", ({ texts: asked = [] }) =>
      Response.json({ embeddings: { float: asked.map(vectorOf) } }),
    );
    expect(await embedder.embed(texts(100))).toEqual(texts(100).map(vectorOf));
    await embedder.embed(["text 1"], { purpose: "query" });
    expect(bodies.map((body) => [body.texts?.length, body.input_type, body.output_dimension])).toEqual([
      [96, "search_document", 2],
      [4, "search_document", 2],
      [1, "search_query", 2],
    ]);
  });

  it.each([
    ["cohere.embed-v4:0", { output_dimension: 2, truncate: "RIGHT" }],
    ["cohere.embed-multilingual-v3", { truncate: "END" }],
  ])(
    "%s is sent the parameters that it knows, and truncates texts that are too long at their end",
    async (model, own) => {
      const { embedder, bodies } = bedrock(model, () => Response.json({ embeddings: { float: [[1, 2]] } }));
      await embedder.embed(["text 0"]);
      expect(bodies).toEqual([
        { texts: ["text 0"], input_type: "search_document", embedding_types: ["float"], ...own },
      ]);
    },
  );

  it("Cohere's third version, which refuses longer texts, gets the first 2,048 characters of a text, and its fourth all", async () => {
    const long = "𝔘".repeat(3000);
    for (const [model, characters] of [
      ["cohere.embed-english-v3", 2048],
      ["cohere.embed-v4:0", 3000],
    ] as const) {
      const { embedder, bodies } = bedrock(model, () => Response.json({ embeddings: { float: [[1, 2]] } }));
      await embedder.embed([long]);
      expect(bodies.map(({ texts: [text = ""] = [] }) => text)).toEqual(["𝔘".repeat(characters)]);
    }
  });

  it("Cohere must return a vector for each text", async () => {
    const { embedder } = bedrock("cohere.embed-multilingual-v3", () =>
      Response.json({ embeddings: { float: [[1, 2]] } }),
    );
    await expect(embedder.embed(texts(2))).rejects.toMatchObject({ code: "embedding_count_mismatch" });
  });
});

it("the Bedrock embedder refuses a model whose requests it does not know", () => {
  expect(() =>
    bedrockEmbedder({ model: "meta.llama", dimensions: 2, fetch: async () => new Response() }),
  ).toThrow(/not known/);
});
