import { describe, expect, it } from "vitest";
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
});
