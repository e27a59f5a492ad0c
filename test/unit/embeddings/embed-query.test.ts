import { describe, expect, it } from "vitest";
import { embedChecked } from "#shared/embeddings/embed-checked.ts";
import { embedQuery } from "#shared/embeddings/embed-query.ts";
import { embedderFor, type Embedder } from "#shared/embeddings/embedder.ts";

function counting(model: string, answer: (texts: readonly string[]) => number[][], previous?: Embedder) {
  const calls: string[][] = [];
  const embedder: Embedder = {
    model,
    dimensions: 2,
    previous,
    embed: async (texts) => {
      calls.push([...texts]);
      return answer(texts);
    },
  };
  return { embedder, calls };
}

const ones = (texts: readonly string[]) => texts.map(() => [1, 1]);

describe("embedQuery", () => {
  it("embedQuery embeds a query once, also when it is sent twice at the same time", async () => {
    const { embedder, calls } = counting("a", ones);
    await Promise.all([embedQuery(embedder, "how?"), embedQuery(embedder, " how? ")]);
    await embedQuery(embedder, "how?");
    expect(calls).toEqual([["how?"]]);
  });

  it("embedQuery says that it embeds a query: models treat documents in another way", async () => {
    const purposes: (string | undefined)[] = [];
    const { embedder } = counting("a", ones);
    const embed: Embedder["embed"] = async (texts, options) => {
      purposes.push(options?.purpose);
      return ones(texts);
    };
    await embedQuery({ ...embedder, embed }, "how?");
    expect(purposes).toEqual(["query"]);
  });

  it("embedQuery tries again after a failure", async () => {
    let fail = true;
    const { embedder, calls } = counting("a", (texts) => {
      if (!fail) return ones(texts);
      fail = false;
      throw new Error("no");
    });
    expect(await embedQuery(embedder, "how?")).toEqual({
      embeddings: [],
      failures: [{ model: "a", error: new Error("no") }],
    });
    expect(await embedQuery(embedder, "how?")).toEqual({
      embeddings: [{ model: "a", vector: [1, 1] }],
      failures: [],
    });
    expect(calls.length).toBe(2);
  });

  it("embedQuery forgets the query that was unused for longest", async () => {
    const { embedder, calls } = counting("a", ones);
    await embedQuery(embedder, "first");
    await embedQuery(embedder, "second");
    for (let n = 0; n < 999; n += 1) {
      await embedQuery(embedder, `question ${n}`);
      await embedQuery(embedder, "first");
    }
    const before = calls.length;
    await embedQuery(embedder, "first");
    expect(calls.length).toBe(before);
    await embedQuery(embedder, "second");
    expect(calls.length).toBe(before + 1);
  });

  it("embedQuery also embeds for the model that sources are leaving", async () => {
    const { embedder: old } = counting("old", ones);
    const { embedder } = counting("new", ones, old);
    const { embeddings } = await embedQuery(embedder, "how?");
    expect(embeddings.map((vector) => vector.model)).toEqual(["new", "old"]);
    expect(embedderFor(embedder, "old")).toBe(old);
    expect(embedderFor(embedder, "unknown")).toBeNull();
  });
});

describe("embedQuery while one of two models cannot be asked", () => {
  it("embedQuery embeds for one of two models while the other fails, and fails only for both", async () => {
    const { embedder: old } = counting("old", ones);
    const { embedder } = counting(
      "new",
      () => {
        throw new Error("no key");
      },
      old,
    );
    expect(await embedQuery(embedder, "how?")).toEqual({
      embeddings: [{ model: "old", vector: [1, 1] }],
      failures: [{ model: "new", error: new Error("no key") }],
    });
  });
});

describe("embedChecked", () => {
  it.each([
    ["too few vectors", [[1, 1]], "embedding_count_mismatch", "TransientError"],
    [
      "too many vectors",
      [
        [1, 1],
        [1, 1],
        [1, 1],
      ],
      "embedding_count_mismatch",
      "TransientError",
    ],
    [
      "a wrong dimension",
      [
        [1, 1],
        [1, 1, 1],
      ],
      "embedding_dimension_mismatch",
      "PermanentError",
    ],
    [
      "a zero vector",
      [
        [1, 1],
        [0, 0],
      ],
      "embedding_unusable",
      "TransientError",
    ],
    [
      "a number that is none",
      [
        [1, 1],
        [1, Number.NaN],
      ],
      "embedding_unusable",
      "TransientError",
    ],
  ])("embedChecked refuses %s", async (_, vectors, code, name) => {
    const { embedder } = counting("a", () => vectors);
    await expect(embedChecked(embedder, ["x", "y"])).rejects.toMatchObject({ code, name });
  });

  it("embedChecked makes no call for no texts", async () => {
    const { embedder, calls } = counting("a", ones);
    expect(await embedChecked(embedder, [])).toEqual([]);
    expect(calls).toEqual([]);
  });
});
