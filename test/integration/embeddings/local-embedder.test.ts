import type { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { localEmbedder } from "#shared/embeddings/local-embedder.ts";

const embedder = localEmbedder({ threads: 2 });
const cosine = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);

describe("localEmbedder", () => {
  it("puts texts of one meaning nearer to each other than others, in the order asked", async () => {
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

  it("answers the same vector for the same text, whatever stands beside it", async () => {
    const [alone = []] = await embedder.embed(["one text"]);
    const together = await embedder.embed([...Array.from({ length: 9 }, (_, n) => `text ${n}`), "one text"]);
    expect(together.length).toBe(10);
    expect(cosine(alone, together[9] ?? [])).toBeCloseTo(1, 5);
  });

  it("answers a question before the documents that were waiting", async () => {
    const order: string[] = [];
    const documents = embedder
      .embed(Array.from({ length: 64 }, (_, n) => `document ${n}`))
      .then(() => order.push("documents"));
    const question = embedder.embed(["question"], { purpose: "query" }).then(() => order.push("question"));
    await Promise.all([documents, question]);
    expect(order).toEqual(["question", "documents"]);
  });

  it("embeds nothing for a caller that has given up already", async () => {
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

  it("are no more than asked for, and are used again", async () => {
    const own = localEmbedder({ threads: 2 });
    expect(workers).toHaveLength(0);
    await own.embed(Array.from({ length: 20 }, (_, n) => `text ${n}`));
    await own.embed(["one more"]);
    expect(workers).toHaveLength(2);
  });

  it("lose only their own texts when they end, and others take their place", async () => {
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
});
