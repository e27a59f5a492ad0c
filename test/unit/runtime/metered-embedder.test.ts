import { describe, expect, it } from "vitest";
import { meterEmbedder } from "#functions/runtime/metered-embedder.ts";
import { embedMetrics } from "#shared/embedded-metrics.ts";
import type { Embedder } from "#shared/embeddings/embedder.ts";
import { makeLog } from "#shared/log.ts";

const now = () => new Date();

/** An embedder whose provider says what it counted: `perCall` tokens, until it fails. */
function provider(options: { perCall: number[]; fails?: boolean }): Embedder {
  return {
    model: "amazon.titan-embed-text-v2:0@1024",
    dimensions: 2,
    embed: async (texts, { onTokens } = {}) => {
      for (const tokens of options.perCall) onTokens?.(tokens);
      if (options.fails) throw new Error("It broke off");
      return texts.map(() => [1, 0]);
    },
  };
}

function metered(embedder: Embedder, price?: number) {
  const lines: string[] = [];
  const log = makeLog(
    "info",
    (line) => lines.push(line),
    now,
    (event, fields, at) => embedMetrics("dev", event, fields, at),
  );
  return {
    embedder: meterEmbedder(embedder, log, price),
    lines: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

describe("the cost of embeddings", () => {
  it("the cost of embeddings is what the provider counted, at the list price of the model", async () => {
    const { embedder, lines } = metered(provider({ perCall: [1_000_000, 500_000] }));
    await embedder.embed(["a", "b"]);
    expect(lines()).toMatchObject([
      {
        event: "embeddings.created",
        model: "amazon.titan-embed-text-v2:0@1024",
        purpose: "document",
        texts: 2,
        embedding_tokens: 1_500_000,
        embedding_dollars: 0.03,
      },
    ]);
  });

  it("the cost of embeddings is a metric of the stage and of the model", async () => {
    const { embedder, lines } = metered(provider({ perCall: [10] }));
    await embedder.embed(["a"]);
    const [line] = lines() as { _aws: { CloudWatchMetrics: unknown[] } }[];
    expect(line?._aws.CloudWatchMetrics).toEqual([
      {
        Namespace: "ConfluenceSync",
        Dimensions: [
          ["service", "stage"],
          ["service", "stage", "model"],
        ],
        Metrics: [
          { Name: "embedding_tokens", Unit: "Count" },
          { Name: "embedding_dollars", Unit: "None" },
        ],
      },
    ]);
  });

  it("the cost of embeddings is estimated where the provider reports none, and has no dollars without a price", async () => {
    const silent = { ...provider({ perCall: [] }), model: "some-model@2" };
    const { embedder, lines } = metered(silent);
    await embedder.embed(["four words of text"], { purpose: "query" });
    const [line] = lines();
    expect(line).toMatchObject({ purpose: "query", embedding_tokens: expect.closeTo(4, 0) });
    expect(line).not.toHaveProperty("embedding_dollars");
  });

  it("the cost of embeddings uses the deployment's price before the list price", async () => {
    const { embedder, lines } = metered(provider({ perCall: [1_000_000] }), 0.5);
    await embedder.embed(["a"]);
    expect(lines()).toMatchObject([{ embedding_dollars: 0.5 }]);
  });

  it("the cost of embeddings is also reported for a call that failed halfway", async () => {
    const { embedder, lines } = metered(provider({ perCall: [40], fails: true }));
    await expect(embedder.embed(["a", "b"])).rejects.toThrow("It broke off");
    expect(lines()).toMatchObject([{ embedding_tokens: 40 }]);
  });

  it("a call that failed before anything was counted cost nothing, and has no line", async () => {
    const { embedder, lines } = metered(provider({ perCall: [], fails: true }));
    await expect(embedder.embed(["a"])).rejects.toThrow("It broke off");
    expect(lines()).toEqual([]);
  });

  it("a metered embedder is its embedder, which gets what it is told and whose vectors it returns", async () => {
    const asked: unknown[] = [];
    const inner: Embedder = {
      model: "some-model@2",
      dimensions: 2,
      embed: async (texts, options) => {
        asked.push([texts, options?.purpose]);
        return [[0, 1]];
      },
    };
    const { embedder } = metered(inner);
    expect([embedder.model, embedder.dimensions]).toEqual(["some-model@2", 2]);
    expect(await embedder.embed(["a"], { purpose: "query" })).toEqual([[0, 1]]);
    expect(asked).toEqual([[["a"], "query"]]);
  });

  it("the estimate of several texts is the sum of theirs", async () => {
    const { embedder, lines } = metered(provider({ perCall: [] }));
    await embedder.embed(["four words of text", "four words of text"]);
    await embedder.embed(["four words of text"]);
    const [two, one] = lines().map((line) => Number(line["embedding_tokens"]));
    expect(two).toBe(2 * (one ?? 0));
  });

  it("whoever embeds is told the tokens that were counted, and the estimate where none were", async () => {
    const told: number[] = [];
    const onTokens = (tokens: number) => told.push(tokens);
    await metered(provider({ perCall: [40, 2] })).embedder.embed(["a"], { onTokens });
    await metered(provider({ perCall: [] })).embedder.embed(["four words of text"], { onTokens });
    expect(told).toEqual([40, 2, expect.closeTo(4, 0)]);
  });
});
