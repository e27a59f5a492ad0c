import type { Sql } from "#shared/db/connect.ts";
import type { ConfluenceClient, ConfluencePage } from "#shared/confluence/client.ts";
import { PermanentError, TransientError } from "#shared/errors.ts";
import { syncedPageKinds, type PageKind } from "#shared/content-kinds.ts";
import type { PageDependency, TitledTarget } from "#shared/markdown/page-dependencies.ts";
import type { MayShow, ReadPage } from "#shared/markdown/read-page.ts";
import type { Source } from "#shared/sources/source.ts";

/** A list of the files of the page itself: who sees the page sees them. */
function isOwn({ kind, target }: PageDependency): boolean {
  return kind === "files" && target === "self";
}

/** Whether a body shows what is not the page's own (then it is shown in no other page), and whether with a guard; null: it does not. */
export function othersIn(
  content: Pick<ReadPage, "shownByMacros">,
  source: Pick<Source, "access">,
): "guarded" | "unguarded" | null {
  if (content.shownByMacros.every((shows) => shows.length > 0 && shows.every(isOwn))) return null;
  return source.access === "everything" ? "unguarded" : "guarded";
}

/**
 * Which macros of a page may show what they show; null: all of them, because the source carries over no rights. Confluence renders a
 * body for the syncing account, so it contains what readers of the page may not read. A page is shown in another one of its source
 * whose node is below its own, unless its body shows others in turn; lists, and what apps show, never.
 */
export async function includedRights(
  sql: Sql,
  source: Pick<Source, "sourceId" | "spaceKey" | "access" | "content">,
  {
    pageId,
    dependencies,
    keep = false,
  }: { pageId: string; dependencies: readonly PageDependency[]; keep?: boolean },
): Promise<MayShow | null> {
  if (source.access === "everything") return null;
  const allowed = await mayInclude(sql, source.sourceId, {
    pageId,
    named: namedBy(dependencies, source),
    keep,
  });
  const isAllowed = ({ kind, target }: PageDependency) =>
    kind === "page" &&
    ((isTitle(target, source) && allowed.titles.has(titleKey(target))) ||
      (isId(target) && allowed.ids.has(target.id)));
  return (shows) => shows.length > 0 && shows.every((one) => isOwn(one) || isAllowed(one));
}

/** What a page may show of others: `guardOf` as includedRights; `areAsStored`: asked after it was rendered. */
export type IncludedText = {
  guardOf: (content: Pick<ReadPage, "dependencies">) => Promise<MayShow | null>;
  areAsStored: (included: readonly PageDependency[]) => Promise<boolean>;
};

/** For a page of the source. */
export function includedText(
  reader: { client: ConfluenceClient; source: Source; sql: Sql },
  pageId: string,
): IncludedText {
  const { sql, source } = reader;
  return {
    guardOf: ({ dependencies }) => includedRights(sql, source, { pageId, dependencies }),
    areAsStored: (included) => areAsStored(reader, included),
  };
}

/**
 * Whether the pages that a page shows are in Confluence as they are stored. Asked after the page was rendered, which shows what they are
 * now, while their rights, and that they show no others, are known of what is stored: the next sync of a newer one has the page
 * rendered again.
 * @throws TransientError `older_version` where the response is older than what is stored; what the client throws
 */
async function areAsStored(
  { client, source, sql }: { client: ConfluenceClient; source: IncludingSource; sql: Sql },
  included: readonly PageDependency[],
): Promise<boolean> {
  if (included.length === 0) return true;
  const rows = await sql<{ pageId: string; kind: PageKind; version: number }[]>`
    select p.page_id as "pageId", p.kind, p.version from confluence_pages p
    where ${isNamed(sql, source.sourceId, namedBy(included, source))}`;
  for (const kind of syncedPageKinds(source.content)) {
    const stored = rows.filter((row) => row.kind === kind);
    if (stored.length === 0) continue;
    const found = await pagesNow(client, kind, stored);
    for (const { pageId, version } of stored) {
      const page = found.get(pageId);
      const isHere = page?.status === "current" && (page.spaceId === null || page.spaceId === source.spaceId);
      if (!isHere || page.version > version) return false;
      if (page.version < version)
        throw new TransientError(
          "older_version",
          "Confluence returned an older version of a page that is shown",
        );
    }
  }
  return true;
}

async function pagesNow(
  client: ConfluenceClient,
  kind: PageKind,
  stored: readonly { pageId: string }[],
): Promise<ReadonlyMap<string, ConfluencePage>> {
  const ids = stored.map(({ pageId }) => pageId);
  try {
    const pages = await client.pagesById(kind, ids, { body: null });
    return new Map(pages.map((page) => [page.id, page]));
  } catch (error) {
    if (error instanceof PermanentError) return new Map();
    throw error;
  }
}

/**
 * In the transaction that stores a page: throws `TransientError` unless all that it shows may still be shown there. What is read here
 * stays as it is until the end of the transaction: a change of rights that waits for it finds the page among those that show it.
 */
export async function requireIncluded(
  tx: Sql,
  source: Pick<Source, "sourceId" | "spaceKey" | "access" | "content">,
  pageId: string,
  included: readonly PageDependency[],
): Promise<void> {
  if (included.length === 0) return;
  const mayShow = await includedRights(tx, source, { pageId, dependencies: included, keep: true });
  if (mayShow && included.every((one) => mayShow([one]))) return;
  throw new TransientError(
    "rights_changed",
    "The rights of what the page shows changed while it was being stored",
  );
}

/**
 * In the transaction that stores a page: throws `TransientError` if the source began to carry rights over since it was read, and with it
 * the page without its rights, or ceased to, and the page shows others. `others`: as `othersIn`.
 */
export async function requireSameGuard(
  tx: Sql,
  source: Pick<Source, "sourceId" | "access">,
  others: "guarded" | "unguarded" | null | undefined,
): Promise<void> {
  const isUnguarded = source.access === "everything";
  if (!others && !isUnguarded) return;
  const [row] = await tx<{ unguarded: boolean }[]>`
    select access = 'everything' as unguarded from archon_sources where source_id = ${source.sourceId}`;
  if (row && row.unguarded !== isUnguarded)
    throw new TransientError(
      "rights_changed",
      "The source's `access` setting changed while the page was processed",
    );
}

type IncludingSource = Pick<Source, "sourceId" | "spaceId" | "spaceKey" | "content">;
type Named = { titles: string[]; ids: string[]; kinds: PageKind[] };

/** The pages of the source that are among these dependencies. */
function namedBy(
  dependencies: readonly PageDependency[],
  source: Pick<Source, "spaceKey" | "content">,
): Named {
  const pages = dependencies.filter(({ kind }) => kind === "page");
  return {
    titles: pages.flatMap(({ target }) => (isTitle(target, source) ? [target.title] : [])),
    ids: pages.flatMap(({ target }) => (isId(target) ? [target.id] : [])),
    kinds: syncedPageKinds(source.content),
  };
}

/** Of rows `p` of `confluence_pages`. */
function isNamed(sql: Sql, sourceId: string, { titles, ids, kinds }: Named) {
  return sql`p.source_id = ${sourceId} and p.kind = any(${kinds}) and not p.is_deleted
    and (lower(p.title) = any(${titles.map((title) => title.toLowerCase())}) and p.title = any(${titles}) or p.page_id = any(${ids}))`;
}

type Target = PageDependency["target"];

function isId(target: Target): target is { id: string } {
  return typeof target === "object" && target !== null && "id" in target;
}

function isTitle(target: Target, source: Pick<Source, "spaceKey">): target is TitledTarget {
  const isNamed = typeof target === "object" && target !== null && "title" in target;
  return isNamed && (target.spaceKey ?? source.spaceKey).toLowerCase() === source.spaceKey.toLowerCase();
}

/** A page and a blog post of one title are two. */
function titleKey({ kind, title }: { kind: string; title: string }): string {
  return `${kind} ${title}`;
}

/**
 * Those of the named pages that every reader of the page may read; of titles as `titleKey`. Of blog posts of one title all must be such.
 * Not a live doc: what is stored of it says nothing of its text now. Of kinds that are not synced nothing is known.
 */
async function mayInclude(
  sql: Sql,
  sourceId: string,
  { pageId, named: by, keep }: { pageId: string; named: Named; keep: boolean },
): Promise<{ titles: Set<string>; ids: Set<string> }> {
  if (by.titles.length + by.ids.length === 0) return { titles: new Set(), ids: new Set() };
  const named = isNamed(sql, sourceId, by);
  // A sweep that changes them right now holds them, and may wait for this very page: waiting for it could be waiting for each other.
  const kept = keep
    ? await sql<{ id: string }[]>`
        select c.content_id as id from content_access c
        where c.source_id = ${sourceId} and c.content_id in (select p.page_id from confluence_pages p where ${named} union select ${pageId})
        order by c.content_id for share skip locked`
    : null;
  const rows = await sql<{ pageId: string; kind: PageKind; title: string; allowed: boolean }[]>`
    with recursive above as (
      select n.node_id, n.parent_node from content_access c join access_nodes n on n.node_id = c.node_id
      where c.source_id = ${sourceId} and c.content_id = ${pageId}
      union
      select n.node_id, n.parent_node from above join access_nodes n on n.node_id = above.parent_node)
    select p.page_id as "pageId", p.kind, p.title,
      -- The page itself shows others as soon as it shows itself.
      is_findable(p) and p.page_id <> ${pageId} and p.shows_others is false and p.subtype is distinct from 'live' and coalesce(exists (
        select from content_access c join above on above.node_id = c.node_id
        where c.source_id = p.source_id and c.content_id = p.page_id), false) as allowed
    from confluence_pages p where ${named}`;
  const isKept = (id: string) => kept === null || kept.some((row) => row.id === id);
  if (!isKept(pageId)) return { titles: new Set(), ids: new Set() };
  const refused = new Set(rows.filter((row) => !row.allowed || !isKept(row.pageId)).map(titleKey));
  const allowed = rows.filter((row) => row.allowed && isKept(row.pageId));
  return {
    titles: new Set(allowed.map(titleKey).filter((key) => !refused.has(key))),
    ids: new Set(allowed.map((row) => row.pageId)),
  };
}
