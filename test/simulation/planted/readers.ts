import { bug, bugFoundBy, change, type PlantedBug } from "../planted-bugs.ts";

const READ_PATHS = "test/integration/access/every-read-path.test.ts";
const WHO_ASKS = "test/integration/access/who-asks.test.ts";
const RESTRICTIONS = "test/integration/access/restrictions.test.ts";
const CHANGED_MODE = "test/integration/access/changed-mode.test.ts";
const EXACT = "test/integration/access/exact-search.test.ts";
const STORED_TEXT = "shared/documents/stored-text.ts";
const READERS = "shared/access/readers/readable-nodes.ts";
const IDENTIFY = "shared/access/readers/identify-account.ts";
const ASKED = "functions/api/use-cases/permitted-reading.ts";

/** Who is shown what. */
export const READER_BUGS: readonly PlantedBug[] = [
  bugFoundBy(
    WHO_ASKS,
    "rights that change while a search runs do not count",
    change(
      "functions/api/use-cases/run-search.ts",
      "if (read.filters.readable === null) return { read, result };",
      "if (n === 0) return { read, result };",
    ),
  ),
  bugFoundBy(
    READ_PATHS,
    "a hidden page is found by its id",
    change(
      STORED_TEXT,
      "and is_findable(p) and is_readable(p, ${reader})\n        ",
      "and is_findable(p)\n        ",
    ),
  ),
  bugFoundBy(
    READ_PATHS,
    "metrics count hidden pages",
    change(
      STORED_TEXT,
      "and is_findable(p) and is_readable(p, ${reader})\n    where",
      "and is_findable(p)\n    where",
    ),
  ),
  bugFoundBy(
    READ_PATHS,
    "words of hidden pages are counted",
    change(
      STORED_TEXT,
      " and is_readable(p, ${readableArguments(sql, readable)})\n    group by",
      "\n    group by",
    ),
  ),
  bugFoundBy(
    READ_PATHS,
    "chunks of hidden pages are listed",
    change(STORED_TEXT, " and is_readable(p, ${readableArguments(sql, request.readable)})", ""),
  ),
  bugFoundBy(
    READ_PATHS,
    "breadcrumbs name hidden pages",
    change(
      "shared/documents/hit-context.ts",
      "not (is_visible(above) and is_readable(above, ${reader}))",
      "not is_visible(above)",
    ),
  ),
  bugFoundBy(
    READ_PATHS,
    "breadcrumbs name hidden folders",
    change(
      "shared/documents/hit-context.ts",
      "title is null or not is_readable_content(source_id, folder_id, ${reader})",
      "title is null",
    ),
  ),
  bugFoundBy(
    READ_PATHS,
    "an id tells that a hidden page of another site has it too",
    change("shared/documents/twin-ids.ts", " and is_readable(twin, ${readableArguments(sql, readable)})", ""),
  ),
  bugFoundBy(
    READ_PATHS,
    "what a filter removes is counted with hidden pages",
    change("shared/documents/removed-by-filter.ts", "{ readable: request.readable }", "{ readable: null }"),
  ),
  bugFoundBy(
    READ_PATHS,
    "a query that hidden pages contain is not corrected",
    change(
      "shared/documents/correct-query.ts",
      "readableArguments(sql, request.readableElsewhere)",
      "readableArguments(sql, null)",
    ),
  ),
  bugFoundBy(
    READ_PATHS,
    "a query is corrected to words of hidden pages",
    change(
      "shared/documents/correct-query.ts",
      "readableArguments(sql, request.readable)",
      "readableArguments(sql, null)",
    ),
  ),
  bugFoundBy(
    READ_PATHS,
    "hidden spaces are listed",
    change(
      "shared/sources/source-overviews.ts",
      " and is_readable_source(s.source_id, ${readableArguments(sql, readable)})`",
      "`",
    ),
  ),
  bugFoundBy(
    READ_PATHS,
    "lists of sources count hidden pages",
    change(
      "shared/sources/source-overviews.ts",
      " and is_readable(p, ${readableArguments(sql, readable)})\n    ) pages",
      "\n    ) pages",
    ),
  ),
  bugFoundBy(
    READ_PATHS,
    "a search of a hidden space is not refused as one of a space that is not there",
    change("functions/api/use-cases/run-search.ts", "sources: permitted.sources ?? sources,", "sources,"),
  ),
  bugFoundBy(
    RESTRICTIONS,
    "id sets intersected",
    change(
      "sql/functions/readers.sql",
      "where u.source_id = any(per_user) and u.state = 'known'",
      "where u.source_id = any(per_user) and u.state = 'known' and not exists (select from access_nodes above where above.node_id = u.parent_node and above.content_id is not null and not above.users @> array[account])",
    ),
  ),
  bug(
    "restriction replaces the space's readers",
    change(
      "sql/functions/readers.sql",
      "  select n.node_id, n.parent_node, n.source_id, n.content_id, n.verified_at\n  from (",
      "  select n.node_id, (select a.node_id from access_nodes a where a.node_id = n.parent_node and a.content_id is not null), n.source_id, n.content_id, n.verified_at\n  from (",
    ),
  ),
  bug(
    "the nearest restriction alone decides",
    change("shared/access/readers/passed-nodes.ts", "= parents[index] ?? -1;", "= 0;"),
  ),
  bugFoundBy(
    WHO_ASKS,
    "cache without identity",
    change(
      READERS,
      "JSON.stringify([nodes, memberships, isAnonymous,",
      "JSON.stringify([nodes, isAnonymous,",
    ),
  ),
  bugFoundBy(
    CHANGED_MODE,
    "a changed mode counts before the rights are read again",
    change(
      "shared/sources/sources.ts",
      "then nullif(coalesce(access_before, access), ${access}) end,",
      "then nullif(access, access) end,",
    ),
  ),
  bugFoundBy(
    CHANGED_MODE,
    "a changed mode counts for ever in part",
    change("shared/access/sweeps/complete.ts", ", access_before = null where", " where"),
  ),
  bugFoundBy(
    CHANGED_MODE,
    "what is kept of a reader outlives a change of the mode",
    change(READERS, "access, accessBefore, nodesChangedIn];", "access, nodesChangedIn];"),
  ),
  bugFoundBy(
    WHO_ASKS,
    "what is kept of a reader outlives its evidence",
    change(READERS, "evidence.every((at) => at >= since)", "evidence.length >= 0"),
  ),
  bugFoundBy(
    WHO_ASKS,
    "evidence of any age lets people in",
    change(READERS, "at !== null && at >= since;", "at !== null;"),
  ),
  bugFoundBy(
    WHO_ASKS,
    "a node that could not be read again lets people in for ever",
    change("sql/functions/readers.sql", " and (n.verified_at is null or n.verified_at >= since);", ";"),
  ),
  bugFoundBy(
    WHO_ASKS,
    "members of a group that cannot be read are let in by it",
    change(IDENTIFY, "and g.state = 'known' and g.verified_at", "and g.verified_at"),
  ),
  bugFoundBy(
    WHO_ASKS,
    "of two accounts with an e-mail the first is taken",
    change(IDENTIFY, "is_active limit 2`;", "is_active limit 1`;"),
  ),
  bug(
    "a deactivated account sees what it saw",
    change(IDENTIFY, 'a.is_active as "isActive"', 'true as "isActive"'),
  ),
  bugFoundBy(
    WHO_ASKS,
    "an e-mail that nobody verified counts",
    change(ASKED, 'String(claims.email_verified) === "true" ? [{ email: value }] : []', "[{ email: value }]"),
  ),
  bugFoundBy(
    WHO_ASKS,
    "whoever asks for everything gets it",
    change(ASKED, '    requireScope(caller, "search:all", \'visibility "all"\');\n', ""),
  ),
  bugFoundBy(
    WHO_ASKS,
    "whoever names another person searches for them",
    change(ASKED, '  requireScope(caller, "search:on-behalf-of", "on_behalf_of");\n', ""),
  ),
  bugFoundBy(
    WHO_ASKS,
    "without an identity a search shows what everybody in the space may see",
    change(
      READERS,
      '    if (lenient) return UNIDENTIFIED;\n    throw new UserError(\n      403,\n      "identity_required"',
      '    return UNIDENTIFIED;\n    throw new UserError(\n      403,\n      "identity_required"',
    ),
  ),
  bugFoundBy(
    WHO_ASKS,
    "a directory of any age is relied on",
    change(
      READERS,
      "personal.filter((source) => !isFresh(source.directoryVerifiedAt))",
      "personal.filter(() => false)",
    ),
  ),
  bugFoundBy(
    WHO_ASKS,
    "a role that is named like one that may see everything may",
    change("functions/runtime/caller.ts", "::${session[2]}:role/", "::123456789012:role/"),
  ),
  bugFoundBy(
    WHO_ASKS,
    "below an unrestricted space restricted pages are shown",
    change("sql/functions/readers.sql", "o.state = 'open'", "o.state in ('open', 'known')"),
  ),
  bugFoundBy(
    WHO_ASKS,
    "guests count as licensed",
    change(IDENTIFY, "isLicensed && !row.isGuest", "isLicensed"),
  ),
  bugFoundBy(
    WHO_ASKS,
    "a group lets in the members of one of the same id on another site",
    change(READERS, "find((one) => one.siteId === siteId)", "find((one) => one.groups.length > 0)"),
  ),
  bugFoundBy(
    WHO_ASKS,
    "content below nothing that is known counts as the top of its space",
    change(
      "sql/functions/readers.sql",
      "where (n.content_id is null or n.parent_node is not null) and ",
      "where ",
    ),
  ),
  bugFoundBy(
    EXACT,
    "a vector index that ends among hidden pages finds nothing else",
    change(
      "sql/functions/search.sql",
      "or (open_sources is not null and coalesce(cardinality(ids), 0) < at_most)",
      "or false",
    ),
  ),
  bugFoundBy(
    EXACT,
    "a release that knows of no reader shows everything",
    change(
      "sql/functions/readers.sql",
      "select case when not bool_and(s.access = 'everything')",
      "select case when false",
    ),
  ),
  bugFoundBy(
    "test/e2e/gateway.test.ts",
    "any API key invokes functions",
    change("infra/local/runner/gateway.ts", "        requireEveryScope(caller.scopes);\n", ""),
  ),
  bugFoundBy(
    "test/e2e/gateway.test.ts",
    "any API key calls any route",
    change("infra/local/runner/gateway.ts", "if (match) requireScope(caller.scopes, match.route.scope);", ""),
  ),
];
