import { describe, expect, it } from "vitest";
import { embedGroups, type EmbeddedGroup } from "#shared/embeddings/embed-groups.ts";
import type { Embedder } from "#shared/embeddings/embedder.ts";
import { PermanentError, RateLimitedError, TransientError } from "#shared/errors.ts";

type Embed = Embedder["embed"];

/** Vectors whose first number is the text's own. */
const vectorsOf = (texts: readonly string[]) => texts.map((text) => [Number(text), 1]);
const refused = (status?: number) => new PermanentError("embedding_refused", "no", { details: { status } });

/** An embedder that counts: `requests` has the texts of each call. */
function counting(embed: Embed): { embedder: Embedder; requests: string[][] } {
  const requests: string[][] = [];
  const embedder: Embedder = {
    model: "counting",
    dimensions: 2,
    embed: (texts, options) => {
      requests.push([...texts]);
      return embed(texts, options);
    },
  };
  return { embedder, requests };
}

const refusing = (bad: readonly string[]) =>
  counting(async (texts) => {
    if (texts.some((text) => bad.includes(text))) throw refused(400);
    return vectorsOf(texts);
  });

/** Group n has the texts n0, n1 and n2. */
const groupsOf = (count: number) => Array.from({ length: count }, (_, n) => [`${n}0`, `${n}1`, `${n}2`]);
const failed = (results: readonly EmbeddedGroup[]) =>
  results.flatMap((result, group) => ("error" in result ? [group] : []));

describe("embedGroups", () => {
  it("embedGroups makes one request for all groups and returns each its own vectors", async () => {
    const { embedder, requests } = refusing([]);
    const results = await embedGroups(embedder, [["1", "2"], [], ["3"]]);
    expect(results).toEqual([
      {
        vectors: [
          [1, 1],
          [2, 1],
        ],
      },
      { vectors: [] },
      { vectors: [[3, 1]] },
    ]);
    expect(requests).toEqual([["1", "2", "3"]]);
  });

  it.each([[[0]], [[19]], [[7, 8]], [[3, 12]]])(
    "of 20 groups only those with a refused text fail (%j), in few requests, and no other text is embedded twice",
    async (bad) => {
      const { embedder, requests } = refusing(bad.map((group) => `${group}1`));
      const results = await embedGroups(embedder, groupsOf(20));
      expect(failed(results)).toEqual(bad);
      expect(results[5]).toEqual({ vectors: vectorsOf(["50", "51", "52"]) });
      const good = requests.filter(
        (texts) => !texts.some((text) => bad.some((group) => text === `${group}1`)),
      );
      expect(good.flat().toSorted()).toEqual([...new Set(good.flat())].toSorted());
      expect(requests.length).toBeLessThanOrEqual(1 + bad.length * 10);
    },
  );

  it.each([
    ["a rate limit", new RateLimitedError("wait", 1000)],
    ["an outage", new TransientError("embedding_unavailable", "503")],
    ["a rejected key", refused(401)],
    ["an unknown model", refused(404)],
    ["an empty account", refused(429)],
  ])("%s is the failure of every group without vectors, and nothing else is requested", async (_, error) => {
    const { embedder, requests } = counting(async () => Promise.reject(error));
    expect(await embedGroups(embedder, groupsOf(4))).toEqual(groupsOf(4).map(() => ({ error })));
    expect(requests).toHaveLength(1);
  });

  it("vectors that arrived before the provider failed are kept", async () => {
    const error = new TransientError("embedding_unavailable", "503");
    const { embedder } = counting(async (texts, { onVectors } = {}) => {
      onVectors?.(0, vectorsOf(texts.slice(0, 4)));
      onVectors?.(4, vectorsOf(texts.slice(4, 7)));
      throw error;
    });
    const results = await embedGroups(embedder, groupsOf(4));
    expect(failed(results)).toEqual([2, 3]);
    expect(results[1]).toEqual({ vectors: vectorsOf(["10", "11", "12"]) });
    expect(results[2]).toEqual({ error });
  });

  it("vectors that arrived before a refusal are not requested again", async () => {
    const { embedder, requests } = counting(async (texts, { onVectors } = {}) => {
      if (texts.length <= 3) return vectorsOf(texts);
      onVectors?.(0, vectorsOf(texts.slice(0, 4)));
      throw refused(400);
    });
    expect(failed(await embedGroups(embedder, groupsOf(3)))).toEqual([]);
    expect(requests.slice(1)).toEqual([
      ["11", "12"],
      ["20", "21", "22"],
    ]);
  });

  it("a rate limit while a refused text is looked for leaves the groups that have their vectors", async () => {
    const error = new RateLimitedError("wait", 1000);
    const { embedder, requests } = counting(async (texts) => {
      if (requests.length > 2) throw error;
      if (texts.length > 6) throw refused(400);
      return vectorsOf(texts);
    });
    const results = await embedGroups(embedder, groupsOf(4));
    expect(failed(results)).toEqual([2, 3]);
    expect(results[3]).toEqual({ error });
    expect(requests).toHaveLength(3);
  });

  it("a vector that cannot be stored fails its own group only", async () => {
    const { embedder } = counting(async (texts) => vectorsOf(texts).with(4, [0, 0]).with(7, [1]));
    expect(await embedGroups(embedder, groupsOf(4))).toMatchObject([
      { vectors: expect.anything() },
      { error: { code: "embedding_unusable" } },
      { error: { code: "embedding_dimension_mismatch" } },
      { vectors: expect.anything() },
    ]);
  });

  it("too few vectors are nobody's: they may be of any text", async () => {
    const { embedder } = counting(async (texts) => vectorsOf(texts).slice(1));
    const results = await embedGroups(embedder, groupsOf(2));
    expect(results).toEqual(
      groupsOf(2).map(() => ({ error: expect.objectContaining({ code: "embedding_count_mismatch" }) })),
    );
  });

  it("embedGroups waits no longer than its signal, also for a model that does not look at it", async () => {
    const { embedder } = counting((texts, { onVectors } = {}) => {
      onVectors?.(0, vectorsOf(texts.slice(0, 3)));
      return new Promise(() => {});
    });
    const results = await embedGroups(embedder, groupsOf(2), { signal: AbortSignal.timeout(20) });
    expect(results).toEqual([
      { vectors: vectorsOf(["00", "01", "02"]) },
      { error: expect.objectContaining({ name: "TransientError", code: "embedding_unreachable" }) },
    ]);
  });
});
