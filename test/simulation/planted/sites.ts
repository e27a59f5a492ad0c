import { bugFoundBy, change, type PlantedBug } from "../planted-bugs.ts";

const RECOVERY = "test/integration/sources/site-recovery.test.ts";
const CHANGED = "test/integration/sources/changed-sites.test.ts";
const REUSED_KEYS = "test/integration/sources/reused-space-keys.test.ts";
const DISCOVER = "shared/sites/discover.ts";
const CREDENTIALS = "shared/confluence/client-credentials.ts";

/** What stops a connected site, and what does not. */
export const SITE_BUGS: readonly PlantedBug[] = [
  bugFoundBy(
    "test/integration/sources/sources.test.ts",
    "sources that are deleted at once leave the secret of their site",
    change(
      "shared/sources/account-site.ts",
      "await tx`select from confluence_sites where site_id = ${siteId} for no key update`;",
      "",
    ),
  ),
  bugFoundBy(
    RECOVERY,
    "any odd response about the account expires its credentials",
    change(
      "shared/confluence/schemas.ts",
      'type === "anonymous" || accountId, "',
      'true || type || accountId, "',
    ),
  ),
  bugFoundBy(
    RECOVERY,
    "refused credentials work again for whatever account they are",
    change("shared/sites/restore-credentials.ts", "verifyAccount(client, site)", "client.currentUser()"),
  ),
  bugFoundBy(
    RECOVERY,
    "a paused site is asked whether it accepts its credentials",
    change(
      "shared/sites/site.ts",
      "where status = 'credentials_expired' and (paused_until is null or paused_until <= ${now})",
      "where status = 'credentials_expired' and (paused_until is null or ${now}::timestamptz is not null)",
    ),
  ),
  bugFoundBy(
    RECOVERY,
    "refused credentials are never tried again",
    change("shared/sites/site.ts", "where status = 'credentials_expired' and", "where false and"),
  ),
  bugFoundBy(
    RECOVERY,
    "a bearer token that was revoked is used until its end",
    change(CREDENTIALS, "cached.until > now && cached.token !== refused)", "cached.until > now)"),
  ),
  bugFoundBy(
    RECOVERY,
    "a bearer token that lacks a scope is replaced at each call",
    change(
      "shared/confluence/http-transport.ts",
      'error instanceof PermanentError && error.code === "credentials_rejected"',
      "error instanceof PermanentError",
    ),
  ),
  bugFoundBy(
    RECOVERY,
    "whatever the token endpoint refuses expires the credentials",
    change(CREDENTIALS, "if ([400, 401, 403].includes(status))", "if (status !== 200)"),
  ),
  bugFoundBy(
    REUSED_KEYS,
    "a key that another source has ends the discovery",
    change(DISCOVER, 'error.code === "source_exists"', 'error.code === "site_exists"'),
  ),
  bugFoundBy(
    REUSED_KEYS,
    "a space that waits for its key is planned and estimated each time",
    change(DISCOVER, "(keys.has(space.key) ? taken : fresh)", "fresh"),
  ),
  bugFoundBy(
    REUSED_KEYS,
    "a space with the old key of a renamed one is added above the limits",
    change(DISCOVER, "keysNow.get(row.space_id) ?? row.space_key", "row.space_key"),
  ),
  bugFoundBy(
    RECOVERY,
    "a site that fails is discovered before all others each time",
    change(
      "shared/sites/site.ts",
      "order by greatest(discovered_at, (discovery_error ->> 'at')::timestamptz) nulls first",
      "order by discovered_at nulls first",
    ),
  ),
  bugFoundBy(
    RECOVERY,
    "a discovery waits for a site without end",
    change(DISCOVER, "await inTime(asked, options.withinMs)", "await asked"),
  ),
  bugFoundBy(
    RECOVERY,
    "an expired site is waited for without end",
    change(
      "shared/sites/restore-credentials.ts",
      "inTime(verifyAccount(client, site), withinMs)",
      "inTime(verifyAccount(client, site), undefined)",
    ),
  ),
  bugFoundBy(
    RECOVERY,
    "a key that fails is no failure of the discovery",
    change(
      DISCOVER,
      "  try {\n    const client = await openClient(services, site);",
      "  const client = await openClient(services, site);\n  try {",
    ),
  ),
  bugFoundBy(
    CHANGED,
    "a dry run without a rule stores what it is sent",
    change(
      "functions/api/contract/sites.ts",
      "!dry_run || spaces !== undefined",
      "!dry_run || spaces !== null",
    ),
  ),
  bugFoundBy(
    CHANGED,
    "a new token is not warned of where the old one was",
    change("shared/sites/insert-site.ts", "expiry_warned_days = null, ", ""),
  ),
  bugFoundBy(
    CHANGED,
    "client credentials end with the token that they replaced",
    change(
      "functions/api/connect-site.ts",
      "...(body.client_secret === undefined ? {} : { tokenExpiresAt: null }),",
      "",
    ),
  ),
  bugFoundBy(
    "test/integration/api/sites.test.ts",
    "discovery makes a source again that a person deleted",
    change(
      "functions/api/use-cases/delete-and-cancel.ts",
      "await excludeSpaceOf(services.sql, sourceId, now);",
      "",
    ),
  ),
];
