import { bugFoundBy, change, type PlantedBug } from "../planted-bugs.ts";

const RECOVERY = "test/integration/sources/site-recovery.test.ts";

/** What stops a connected site, and what does not. */
export const SITE_BUGS: readonly PlantedBug[] = [
  bugFoundBy(
    RECOVERY,
    "any odd response about the account expires its credentials",
    change(
      "shared/confluence/schemas.ts",
      'type === "anonymous" || accountId, "',
      'true || type || accountId, "',
    ),
  ),
];
