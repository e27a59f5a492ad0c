import { VERIFY_WITHIN_MS, type HitVerifier } from "#shared/access/live/hit-verifier.ts";
import type { Hit } from "#shared/documents/search-result.ts";
import { errorCode } from "#shared/errors.ts";
import type { Services } from "#functions/runtime/services.ts";

/** Hits to search for beyond those that are returned, where some may be left out. */
export const SPARE_HITS = 20;

type Verdict = "permitted" | "denied" | "undecided";

export type VerifiedHits = {
  hits: Hit[];
  /** Left out: what Confluence denies, and what it did not decide in time. */
  denied: number;
  undecided: number;
};

/**
 * The first `matchCount` hits that the person may see. Those of `verifiedLive` sources are asked about at Confluence, in their order and only as
 * far as they are needed, within 2 s together; those below move up.
 */
export async function verifyHits(
  hits: readonly Hit[],
  of: {
    matchCount: number;
    /** How many of `matchCount` a hit counts for; 1 unless set. */
    worth?: ((hit: Hit) => number) | undefined;
    verifiedLive: readonly string[];
    accountId: string | null;
  },
  services: Pick<Services, "hitVerifier" | "log" | "now">,
): Promise<VerifiedHits> {
  const live = new Set(of.verifiedLive);
  if (live.size === 0) return { hits: hits.slice(0, of.matchCount), denied: 0, undecided: 0 };
  const until = services.now().getTime() + VERIFY_WITHIN_MS;
  const found: VerifiedHits = { hits: [], denied: 0, undecided: 0 };
  const worth = of.worth ?? (() => 1);
  let missing = of.matchCount;
  for (let next = 0; missing > 0 && next < hits.length;) {
    const batch = firstOf(hits.slice(next), missing, worth);
    next += batch.length;
    const withinMs = until - services.now().getTime();
    const verdicts =
      withinMs > 0 ? await verdictsOf(batch, { ...of, live, withinMs }, services) : new Map<Hit, Verdict>();
    for (const hit of batch) {
      const verdict = live.has(hit.sourceId) ? (verdicts.get(hit) ?? "undecided") : "permitted";
      if (verdict === "permitted") {
        found.hits.push(withoutCopies(hit, live));
        missing -= worth(hit);
      } else found[verdict] += 1;
    }
  }
  return found;
}

/** As many of the hits as count for `wanted` together. */
function firstOf(hits: readonly Hit[], wanted: number, worth: (hit: Hit) => number): Hit[] {
  const first: Hit[] = [];
  let left = wanted;
  for (const hit of hits) {
    if (left <= 0) break;
    first.push(hit);
    left -= worth(hit);
  }
  return first;
}

async function verdictsOf(
  hits: readonly Hit[],
  of: { live: ReadonlySet<string>; accountId: string | null; withinMs: number },
  services: Pick<Services, "hitVerifier" | "log">,
): Promise<Map<Hit, Verdict>> {
  const sources = [...new Set(hits.map(({ sourceId }) => sourceId))].filter((id) => of.live.has(id));
  const bySource = await Promise.all(
    sources.map(async (sourceId) => {
      const own = hits.filter((hit) => hit.sourceId === sourceId);
      const contentIds = [...new Set(own.map(contentOf))];
      const { permitted, denied } = await askOrLog(
        { sourceId, accountId: of.accountId, contentIds, withinMs: of.withinMs },
        services,
      );
      return own.map((hit): [Hit, Verdict] => {
        if (permitted.includes(contentOf(hit))) return [hit, "permitted"];
        return [hit, denied.includes(contentOf(hit)) ? "denied" : "undecided"];
      });
    }),
  );
  return new Map(bySource.flat());
}

async function askOrLog(
  request: Parameters<HitVerifier>[0],
  { hitVerifier, log }: Pick<Services, "hitVerifier" | "log">,
): ReturnType<HitVerifier> {
  try {
    return await hitVerifier(request);
  } catch (error) {
    log.error("search.not_verified", { source_id: request.sourceId, code: errorCode(error), error });
    return { permitted: [], denied: [] };
  }
}

/** Comments and files are for whoever may see what they are on. */
const contentOf = (hit: Hit) => hit.parent?.page_id ?? hit.pageId;

/** Pages with the same content were not asked about. */
function withoutCopies(hit: Hit, live: ReadonlySet<string>): Hit {
  if (!live.has(hit.sourceId) && !hit.alsoOn.some(({ sourceId }) => live.has(sourceId))) return hit;
  const alsoOn = hit.alsoOn.filter(({ sourceId }) => !live.has(sourceId));
  return { ...hit, alsoOn, alsoOnTotal: alsoOn.length };
}
