import { describe, expect, it } from "vitest";
import { verifyHits } from "#functions/api/use-cases/verify-hits.ts";
import type { VerifyRequest } from "#shared/access/live/hit-verifier.ts";
import type { Hit } from "#shared/documents/search-result.ts";
import { makeLog } from "#shared/log.ts";

const hit = (pageId: string, sourceId = "live") =>
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what is read of a hit
  ({ sourceId, pageId, parent: null, alsoOn: [], alsoOnTotal: 0 }) as unknown as Hit;

/** Each call of the verifier takes so long, by the clock. */
function verifier(takesMs: number, permits: (id: string) => boolean) {
  let now = 0;
  const requests: VerifyRequest[] = [];
  const services = {
    now: () => new Date(now),
    log: makeLog(
      "silent",
      () => {},
      () => new Date(now),
    ),
    hitVerifier: async (request: VerifyRequest) => {
      requests.push(request);
      now += takesMs;
      return {
        permitted: request.contentIds.filter(permits),
        denied: request.contentIds.filter((id) => !permits(id)),
      };
    },
  };
  const verify = (hits: Hit[], matchCount: number) =>
    verifyHits(hits, { matchCount, verifiedLive: ["live"], accountId: "ann" }, services);
  return { verify, requests };
}

describe("hits that are verified live", () => {
  it("all calls of one search share two seconds; what is left then is undecided, and other sources are not affected", async () => {
    const { verify, requests } = verifier(900, (id) => id !== "1" && id !== "2" && id !== "3");
    const hits = [hit("1"), hit("2"), hit("3"), hit("4"), hit("9", "open")];
    const found = await verify(hits, 1);
    expect(requests.map(({ contentIds, withinMs }) => [contentIds, withinMs])).toEqual([
      [["1"], 2000],
      [["2"], 1100],
      [["3"], 200],
    ]);
    expect(found).toMatchObject({ denied: 3, undecided: 1 });
    expect(found.hits.map(({ pageId }) => pageId)).toEqual(["9"]);
  });

  it("hits are asked about only as far as they are needed", async () => {
    const { verify, requests } = verifier(1, (id) => id !== "2");
    const found = await verify([hit("1"), hit("2"), hit("3"), hit("4")], 2);
    expect(requests.map(({ contentIds }) => contentIds)).toEqual([["1", "2"], ["3"]]);
    expect(found.hits.map(({ pageId }) => pageId)).toEqual(["1", "3"]);
  });
});
