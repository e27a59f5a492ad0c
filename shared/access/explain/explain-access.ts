import type { Sql } from "#shared/db/connect.ts";
import { membershipsOf, type Membership } from "#shared/access/readers/identify-account.ts";
import { UserError } from "#shared/errors.ts";
import { showsByPerson, type AccessMode } from "#shared/sources/source.ts";
import { passOf, type Clause, type Pass, type Principals } from "./pass-of.ts";

/** Why search shows a page to an account, or does not. */
export type AccessExplanation = {
  sourceId: string;
  pageId: string;
  title: string;
  mode: AccessMode;
  /** The mode before a change after which no sweep was completed yet: until then a clause must be passed in both. */
  modeBefore: AccessMode | null;
  isAllowed: boolean;
  /** What decides: the first that applies. */
  reason:
    | "everything_is_shown"
    | "page_deleted"
    | "page_hidden"
    | "page_not_stored"
    | "no_sweep"
    | "evidence_too_old"
    | "directory_too_old"
    | "place_unknown"
    | "rendering_outdated"
    | "unknown_account"
    | "clause_refuses"
    | "all_clauses_pass";
  /** When the sweep began whose evidence is used. */
  verifiedAt: Date | null;
  /** When the groups and accounts were read that are used; null: never, or they do not matter. */
  directoryVerifiedAt: Date | null;
  account: AccountFacts | null;
  /** From the space down to the content itself: each must be passed. */
  clauses: (Clause & { contentId: string | null; title: string | null; pass: Pass })[];
};

/** What the site's directory says of an account; null fields: it is not in it. */
export type AccountFacts = {
  accountId: string;
  /** As of a membership: it may use the site. */
  isActive: boolean | null;
  isGuest: boolean | null;
  groups: string[];
};

/**
 * Goes through the clauses that search goes through, one by one. Of a file or of comments: those of what they are on. Throws `UserError` 404
 * `page_not_found`, 409 `page_ambiguous`.
 */
export async function explainAccess(
  sql: Sql,
  asked: { sourceId: string | null; pageId: string; accountId: string | null; now: Date; maxAgeMs: number },
): Promise<AccessExplanation> {
  const page = await findPage(sql, asked);
  const { sourceId, mode, modeBefore, verifiedAt } = page;
  const oldest = new Date(asked.now.getTime() - asked.maxAgeMs);
  const { accountId } = asked;
  const found = accountId === null ? null : await readMembership(sql, page.siteId, { accountId, oldest });
  const account = accountId === null ? null : factsOf(accountId, found);
  const rows = page.nodeId === null ? [] : await readClauses(sql, page.nodeId);
  const askedBy = (by: AccessMode) =>
    by === "unrestricted" ? ("everyone in the space" as const) : (found ?? THE_PUBLIC);
  const clauses = rows.map((row) => {
    const evidence = { verifiedAt, oldest };
    const before = passOf(row, askedBy(modeBefore ?? mode), evidence);
    return { ...row, pass: before.passes ? passOf(row, askedBy(mode), evidence) : before };
  });
  const decided = reasonOf({ page, oldest, account, clauses });
  return {
    sourceId,
    pageId: page.pageId,
    title: page.title,
    mode,
    modeBefore,
    ...decided,
    verifiedAt,
    directoryVerifiedAt: isByPerson(page) ? page.directoryVerifiedAt : null,
    account,
    clauses,
  };
}

type PageRow = {
  sourceId: string;
  siteId: string | null;
  pageId: string;
  title: string;
  mode: AccessMode;
  modeBefore: AccessMode | null;
  verifiedAt: Date | null;
  directoryVerifiedAt: Date | null;
  isDeleted: boolean;
  isHidden: boolean;
  isStored: boolean;
  /** By its place. */
  nodeId: number | null;
  /** The one that search goes by. */
  shownBy: number | null;
};

async function findPage(
  sql: Sql,
  { sourceId, pageId }: { sourceId: string | null; pageId: string },
): Promise<PageRow> {
  const [page, ...others] = await sql<PageRow[]>`
    select p.source_id as "sourceId", s.site_id as "siteId", p.page_id as "pageId", p.title, s.access as mode,
      s.access_before as "modeBefore", s.access_verified_at as "verifiedAt", d.directory_verified_at as "directoryVerifiedAt", p.is_deleted as "isDeleted", p.missing_since is not null as "isHidden",
      p.version > 0 as "isStored", c.node_id as "nodeId", p.access_node as "shownBy"
    from confluence_pages p
    join archon_sources s on s.source_id = p.source_id and s.status <> 'deleting'
    left join confluence_sites d on d.site_id = s.site_id
    left join content_access c on c.source_id = p.source_id and c.content_id = coalesce(p.container_id, p.page_id)
    where p.page_id = ${pageId} ${sourceId === null ? sql`` : sql`and p.source_id = ${sourceId}`}
    order by p.is_deleted, p.source_id`;
  if (!page) throw new UserError(404, "page_not_found", "Page not found");
  const alive = others.filter((other) => !other.isDeleted);
  if (alive.length === 0 || page.isDeleted) return page;
  throw new UserError(
    409,
    "page_ambiguous",
    `Several sources have page ${pageId}: name one of them as source_id`,
    { details: { source_ids: [page, ...alive].map((one) => one.sourceId) } },
  );
}

type ClauseRow = Clause & { contentId: string | null; title: string | null };

/** The clauses over a node, the space's first. */
async function readClauses(sql: Sql, nodeId: number): Promise<ClauseRow[]> {
  return sql<ClauseRow[]>`
    with recursive above as (
      select n.*, 0 as depth from access_nodes n where n.node_id = ${nodeId}
      union all
      select n.*, a.depth + 1 from above a join access_nodes n on n.node_id = a.parent_node where a.depth < 1000)
    select a.content_id as "contentId", coalesce(p.title, f.title) as title, a.state, a.users, a.groups, a.classes,
      a.verified_at as "verifiedAt"
    from above a
    left join confluence_pages p on p.source_id = a.source_id and p.page_id = a.content_id
    left join confluence_folders f on f.source_id = a.source_id and f.folder_id = a.content_id
    order by a.depth desc`;
}

/** As search knows the account; null: the site's directory does not know it. */
async function readMembership(
  sql: Sql,
  siteId: string | null,
  { accountId, oldest }: { accountId: string; oldest: Date },
): Promise<Membership | null> {
  const [membership] = siteId === null ? [] : await membershipsOf(sql, accountId, [siteId], oldest);
  return membership ?? null;
}

function factsOf(accountId: string, membership: Membership | null): AccountFacts {
  const { isActive = null, isGuest = null, groups = [] } = membership ?? {};
  return { accountId, isActive, isGuest, groups };
}

const isByPerson = ({ mode, modeBefore }: PageRow) => showsByPerson(mode, modeBefore);

const THE_PUBLIC: Principals = { accountId: null, groups: [], classes: ["anonymous"] };

function reasonOf({
  page,
  oldest,
  account,
  clauses,
}: {
  page: PageRow;
  oldest: Date;
  account: AccountFacts | null;
  clauses: readonly { pass: Pass }[];
}): Pick<AccessExplanation, "isAllowed" | "reason"> {
  const refused = (reason: AccessExplanation["reason"]) => ({ isAllowed: false, reason });
  if (page.isDeleted) return refused("page_deleted");
  if (page.isHidden) return refused("page_hidden");
  if (!page.isStored) return refused("page_not_stored");
  if (page.mode === "everything") return { isAllowed: true, reason: "everything_is_shown" };
  if (page.verifiedAt === null) return refused("no_sweep");
  if (page.verifiedAt < oldest) return refused("evidence_too_old");
  // A search for a person fails then, whatever it would find; one for the public needs no directory.
  const { directoryVerifiedAt } = page;
  if (isByPerson(page) && account && (directoryVerifiedAt === null || directoryVerifiedAt < oldest))
    return refused("directory_too_old");
  if (page.nodeId === null) return refused("place_unknown");
  if (page.shownBy === null) return refused("rendering_outdated");
  if (isByPerson(page) && account && account.isActive !== true) return refused("unknown_account");
  if (!clauses.every(({ pass }) => pass.passes)) return refused("clause_refuses");
  return { isAllowed: true, reason: "all_clauses_pass" };
}
