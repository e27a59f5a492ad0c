import { bug, bugFoundBy, change, type PlantedBug } from "../planted-bugs.ts";

const PULSE = "test/integration/syncs/pulse.test.ts";
const SITES = "shared/syncs/pulse/pulsed-sites.ts";
const HITS = "shared/syncs/pulse/hits.ts";
const SEARCH = "shared/syncs/pulse/search-news.ts";
const FAIL = "shared/syncs/operations/fail-operation.ts";
const PULSE_SITES = "shared/syncs/pulse/pulse-sites.ts";

/** What a pulse believes, how far it looks, and what it leaves alone. */
export const PULSE_BUGS: readonly PlantedBug[] = [
  bug(
    "a pulse moves the watermark",
    change(
      SITES,
      "last_pulse_at = ${now}, pulse_error = null\n    where site_id = ${siteId}`;",
      "last_pulse_at = ${now}, pulse_error = null\n    where site_id = ${siteId}`;\n  await sql`update archon_sources set metadata = metadata || jsonb_build_object('last_sync_timestamp', ${startedAt.toISOString()}::text) where site_id = ${siteId}`;",
    ),
  ),
  bugFoundBy(
    PULSE,
    "a pulse trusts an empty search",
    change(
      SEARCH,
      "incomplete: !overflow && isShort",
      "incomplete: pages.length > 0 && !overflow && isShort",
    ),
  ),
  bugFoundBy(
    PULSE,
    "a hit that cannot be read makes every pulse incomplete",
    change(SEARCH, "pages.length + unreadable < expected", "pages.length + 0 * unreadable < expected"),
  ),
  bugFoundBy(
    PULSE,
    "an edit that the index knows by another time is not synced again",
    change(HITS, "c.last_pulse_at from confluence_sites c", "null::timestamptz from confluence_sites c"),
  ),
  bugFoundBy(
    PULSE,
    "a pulse looks back without the overlap",
    change(SEARCH, "changesSince(site.pulseSince ?? startedAt)", "site.pulseSince ?? startedAt"),
  ),
  bug(
    "a pulse looks back only to its own start",
    change(SEARCH, "changesSince(site.pulseSince ?? startedAt)", "startedAt"),
  ),
  bugFoundBy(
    PULSE,
    "a pulse writes its literal in UTC",
    change(SEARCH, ", user.timeZone, site.kinds)", ', user.timeZone && "UTC", site.kinds)'),
  ),
  bug(
    "a 429 of one site pauses every site",
    change(
      "shared/sources/sources.ts",
      "where site_id = ${siteId} and status <> 'deleting'`;\n}",
      "where ${siteId}::text is not null and status <> 'deleting'`;\n}",
    ),
  ),
  bugFoundBy(
    PULSE,
    "a rejected token expires the credentials of every site",
    change(
      "shared/syncs/operations/expire-credentials.ts",
      "where site_id = ${siteId} and status = 'active'",
      "where ${siteId}::text is not null and status = 'active'",
    ),
  ),
  bugFoundBy(
    "test/integration/sources/site-credentials.test.ts",
    "a 401 of the old token expires the new one",
    change(FAIL, "if (site?.replaced)\n", "if (site?.replaced === null)\n"),
  ),
  bug(
    "an edit in one space is news of every space of its site",
    change(
      HITS,
      "on s.site_id = ${siteId} and s.space_key = listed.space_key and",
      "on s.site_id = ${siteId} and",
    ),
  ),
  bugFoundBy(
    PULSE,
    "a pulse accepts any account",
    change(
      SEARCH,
      "await verifyAccount(client, site)",
      "await verifyAccount(client, { accountId: (await client.currentUser()).accountId ?? site.accountId })",
    ),
  ),
  bugFoundBy(
    PULSE,
    "a page that cannot be stored is synced each minute",
    change(HITS, "and not ${isStored(sql)} and not ${hasSync(sql, now)}\n", "and not ${isStored(sql)}\n"),
  ),
  bugFoundBy(
    PULSE,
    "more hits than a pulse reads are ignored",
    change(PULSE_SITES, "if (overflow) await", "if (overflow && incomplete) await"),
  ),
  bugFoundBy(
    "test/integration/syncs/pulse.test.ts",
    "a sync that passed over a hit counts as its sync",
    change(
      "shared/syncs/pulse/hits.ts",
      "(h.page_id = ${ANY_PAGE} or",
      "(true or h.page_id = ${ANY_PAGE} or",
    ),
  ),
  bugFoundBy(
    PULSE,
    "an edit that is found while a first sync runs is forgotten",
    change(
      HITS,
      "s.space_key = listed.space_key and ${heardSources(sql)}",
      "s.space_key = listed.space_key and ${pulsedSources(sql)}",
    ),
  ),
  bugFoundBy(
    PULSE,
    "a site is not asked while its first sync runs",
    change(
      SITES,
      "where s.site_id = c.site_id and ${heardSources(sql)})`;",
      "where s.site_id = c.site_id and ${pulsedSources(sql)})`;",
    ),
  ),
  bugFoundBy(
    "test/integration/syncs/start-due.test.ts",
    "a first sync that failed waits for the interval",
    change("shared/sources/sources.ts", "when p.status = 'failed' or", "when false or"),
  ),
  bugFoundBy(
    "test/integration/syncs/start-due.test.ts",
    "a first sync that was cancelled begins again by itself",
    change(
      "shared/sources/sources.ts",
      "when p.status = 'failed' or",
      "when p.status in ('failed', 'cancelled') or",
    ),
  ),
  bugFoundBy(
    PULSE,
    "spaces with known edits wait behind those of which any page may have changed",
    change(
      HITS,
      "filter (where h.page_id <> ${ANY_PAGE}) as named_since",
      "filter (where false) as named_since",
    ),
  ),
  bugFoundBy(
    PULSE,
    "spaces with known edits keep the others from their turn",
    change(HITS, "Math.floor(limit / 4)", "0"),
  ),
  bugFoundBy(
    "test/integration/syncs/unavailable-sites.test.ts",
    "a refusal of any call takes the space for unavailable",
    change(
      "shared/syncs/operations/run-operation.ts",
      "if (!SPACE_CALL.test(path))",
      "if (path === undefined)",
    ),
  ),
  bugFoundBy(
    PULSE,
    "an edit in a space that was unavailable waits for a day",
    change(SITES, "s.status in ('active', 'space_unavailable')", "s.status = 'active'"),
  ),
  bugFoundBy(
    PULSE,
    "a space that is unavailable is tried each minute",
    change(HITS, "and (s.status = 'active' or ${isWorthATry(sql, now)})", "and true"),
  ),
  bugFoundBy(
    "test/integration/syncs/unavailable-sites.test.ts",
    "a space that is unavailable waits for a long interval",
    change(
      "shared/sources/sources.ts",
      "(s.status = 'space_unavailable' and last.started",
      "(s.status = 'space_unavailable' and last.started + make_interval(mins => s.sync_interval_minutes) <= ${now} and last.started",
    ),
  ),
];
