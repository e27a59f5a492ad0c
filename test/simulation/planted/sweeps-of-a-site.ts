import { bugFoundBy, change, type PlantedBug } from "../planted-bugs.ts";

const OF_A_SITE = "test/integration/access/sweeps-of-a-site.test.ts";
const PROOFS = "test/integration/access/sweep-proofs.test.ts";
const SWEEP = "shared/syncs/rights/sweep-sources.ts";
const READS = "shared/syncs/rights/site-reads.ts";

/** What sweeps of many spaces share. */
export const SHARED_SWEEP_BUGS: readonly PlantedBug[] = [
  bugFoundBy(
    OF_A_SITE,
    "sweeps are closed on a look at the account from before they were read",
    change(SWEEP, "  const site = readSitesOnce();\n", "  const { site } = reading;\n"),
  ),
  bugFoundBy(
    PROOFS,
    "a sweep is closed on a look at the account from its start",
    change(SWEEP, "closeSweep({ ...context, site: readSitesOnce() }", "closeSweep({ ...context }"),
  ),
  bugFoundBy(
    OF_A_SITE,
    "a look at a site that failed is kept for all its spaces",
    change(READS, "begun.catch(() => delete known[what]);", "begun.catch(() => {});"),
  ),
  bugFoundBy(
    OF_A_SITE,
    "what is known of one site's account counts for another's",
    change(READS, "[source.siteId ?? source.sourceId, source.encryptedToken]", "[source.encryptedToken]"),
  ),
];
