import { bugFoundBy, change, type PlantedBug } from "../planted-bugs.ts";

const OF_A_SITE = "test/integration/access/sweeps-of-a-site.test.ts";
const PROOFS = "test/integration/access/sweep-proofs.test.ts";
const SWEEP = "shared/syncs/rights/sweep-sources.ts";
const FORGETS =
  '      if (failures === "read again" && !(error instanceof PermanentError)) delete known[what];\n';
const READS = "shared/syncs/rights/site-reads.ts";

/** What sweeps of many spaces share. */
export const SHARED_SWEEP_BUGS: readonly PlantedBug[] = [
  bugFoundBy(
    OF_A_SITE,
    "sweeps are closed on a look at the account from before they were read",
    change(SWEEP, '    const site = readSitesOnce("kept");\n', "    const { site } = reading;\n"),
  ),
  bugFoundBy(
    PROOFS,
    "a sweep is closed on a look at the account from its start",
    change(
      "shared/syncs/rights/sweep-source.ts",
      "closeSweep({ ...context, site: readSitesOnce() }",
      "closeSweep({ ...context }",
    ),
  ),
  bugFoundBy(
    OF_A_SITE,
    "a look at a site that failed is kept for all its spaces",
    change(READS, FORGETS, ""),
  ),
  bugFoundBy(
    OF_A_SITE,
    "each space asks again where the site has said to wait",
    change(READS, FORGETS, "      delete known[what];\n"),
    change(SWEEP, "      if (isPaused) return leaveSweep(context, services);\n", ""),
  ),
  bugFoundBy(
    OF_A_SITE,
    "sweeps of a site are closed when those of another are",
    change(
      SWEEP,
      "    await Promise.all([...bySite.values()].map(closeOfSite));\n",
      "    for (const contexts of bySite.values()) await closeOfSite(contexts);\n",
    ),
  ),
  bugFoundBy(
    OF_A_SITE,
    "sweeps are closed when every source has been read",
    change(SWEEP, "    await closeAll();\n  };\n", "  };\n"),
    change(
      SWEEP,
      "Array.from({ length: SOURCES_AT_ONCE }, work));\n",
      "Array.from({ length: SOURCES_AT_ONCE }, work));\n  await closeAll();\n",
    ),
  ),
  bugFoundBy(
    OF_A_SITE,
    "what is known by a token counts for the one that replaces it",
    change(
      READS,
      "[source.siteId ?? source.sourceId, source.encryptedToken]",
      "[source.siteId ?? source.sourceId]",
    ),
  ),
  bugFoundBy(
    OF_A_SITE,
    "a space that is out of sight is a permission that is missing",
    change(
      "shared/syncs/rights/sweep-step.ts",
      "    if (error instanceof PermanentError) await verifySpace(client, source);\n",
      "",
    ),
  ),
  bugFoundBy(
    OF_A_SITE,
    "what is known of one site's account counts for another's",
    change(READS, "[source.siteId ?? source.sourceId, source.encryptedToken]", "[source.encryptedToken]"),
  ),
];
