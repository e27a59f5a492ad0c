import { availableParallelism } from "node:os";
import type { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { localEmbedder } from "#shared/embeddings/local-embedder.ts";

const embedder = localEmbedder({ threads: 2 });
const cosine = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);

describe("localEmbedder", () => {
  it("the local embedder puts texts of one meaning nearer to each other than others, in the given order", async () => {
    const texts = [
      "How do I reset my password?",
      "I forgot my login credentials",
      "The cake needs more sugar",
      "",
      "  ",
    ];
    const [question = [], same = [], other = [], ...empty] = await embedder.embed(texts);
    expect(question.length).toBe(embedder.dimensions);
    expect(cosine(question, same)).toBeGreaterThan(cosine(question, other) + 0.2);
    expect(empty.length).toBe(2);
  });

  it("the local embedder returns the same vector for the same text, whatever other texts are in the call", async () => {
    const [alone = []] = await embedder.embed(["one text"]);
    const together = await embedder.embed([...Array.from({ length: 9 }, (_, n) => `text ${n}`), "one text"]);
    expect(together.length).toBe(10);
    expect(cosine(alone, together[9] ?? [])).toBeCloseTo(1, 5);
  });

  it("the local embedder embeds a query before waiting documents", async () => {
    const order: string[] = [];
    const documents = embedder
      .embed(Array.from({ length: 64 }, (_, n) => `document ${n}`))
      .then(() => order.push("documents"));
    const question = embedder.embed(["question"], { purpose: "query" }).then(() => order.push("question"));
    await Promise.all([documents, question]);
    expect(order).toEqual(["question", "documents"]);
  });

  it("texts that wait for the local embedder are dropped when their caller gives up", async () => {
    const own = localEmbedder({ threads: 1 });
    const caller = new AbortController();
    const kept: number[] = [];
    const texts = Array.from({ length: 50 }, (_, n) => `text ${n}`);
    const attempt = own.embed(texts, {
      signal: caller.signal,
      onVectors: (first) => {
        kept.push(first);
        caller.abort();
      },
    });
    await expect(attempt).rejects.toMatchObject({ name: "TransientError" });
    expect(await own.embed(["four"])).toHaveLength(1);
    // One may be at work when the first arrives.
    expect(kept.length).toBeLessThanOrEqual(2);
  });

  it("the local embedder embeds nothing for a caller that has already given up", async () => {
    await expect(embedder.embed(["one text"], { signal: AbortSignal.abort() })).rejects.toThrow(/aborted/);
  });
});

describe("the local embedder's threads", () => {
  let workers: Worker[];
  const note = (worker: Worker) => workers.push(worker);
  beforeEach(() => {
    workers = [];
    process.on("worker", note);
  });
  afterEach(() => {
    process.off("worker", note);
  });

  it("the local embedder uses no more threads than configured, and reuses them", async () => {
    const own = localEmbedder({ threads: 2 });
    expect(workers).toHaveLength(0);
    await own.embed(Array.from({ length: 20 }, (_, n) => `text ${n}`));
    await own.embed(["one more"]);
    expect(workers).toHaveLength(2);
  });

  it("when threads of the local embedder end, only their own texts are lost and other threads replace them", async () => {
    const own = localEmbedder({ threads: 2 });
    const [lost, other, waiting] = ["lost", "other", "waiting"].map((text) => own.embed([text]));
    const failed = expect(lost).rejects.toMatchObject({ name: "TransientError", code: "embedding_failed" });
    // Node announces threads at the next tick, long before their model is loaded.
    await new Promise<void>((resolve) => process.nextTick(resolve));
    await workers[0]?.terminate();
    await failed;
    expect(await other).toHaveLength(1);
    expect(await waiting).toHaveLength(1);
    expect(workers).toHaveLength(3);
  });

  it("the local embedder has at least one thread, and four at most, when nobody says how many", async () => {
    const own = localEmbedder();
    expect(await own.embed(Array.from({ length: 24 }, (_, n) => `text ${n}`))).toHaveLength(24);
    expect(workers).toHaveLength(Math.min(4, availableParallelism()));
  });
});
