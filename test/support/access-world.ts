import type postgres from "postgres";
import { addFolder, addPage } from "#infra/local/confluence-site/edits.ts";
import {
  addGroup,
  putPerson,
  restrictContent,
  setSpaceReaders,
} from "#infra/local/confluence-site/directory-edits.ts";
import { mayView, type Subject } from "#infra/local/confluence-site/permissions.ts";
import type { Folder, SitePage } from "#infra/local/confluence-site/site.ts";
import type { FolderKind } from "#shared/confluence/client.ts";
import { readableFor } from "#shared/access/readers/readable-nodes.ts";
import { readableArguments } from "#shared/access/readers/readable.ts";
import type { Reader } from "#shared/access/readers/reader.ts";
import type { ContentOptions } from "#shared/content-kinds.ts";
import type { Source } from "#shared/sources/sources.ts";
import { passingNodes } from "#test/support/passed-nodes.ts";
import { bodyOf, makeSyncWorld, SOURCE_ID, SPACE, type SyncWorld } from "#test/support/sync-world.ts";

/** Who the restrictions of a test are about: account and group ids. */
type Named = { users?: readonly string[]; groups?: readonly string[] };

export type AccessWorld = SyncWorld & {
  /** A page, below a page or folder, under a view restriction of its own. */
  add: (title: string, at?: { parent?: SitePage | Folder } & Named & { kind?: SitePage["kind"] }) => SitePage;
  addFolder: (title: string, at?: { parent?: SitePage | Folder; kind?: FolderKind } & Named) => Folder;
  restrict: (content: SitePage | Folder, named: Named) => void;
  /** A quarter of an hour later: sweeps and groups. */
  sweep: () => Promise<void>;
  /**
   * Titles of the stored content of the world's source, or of the named one, that somebody finds, in order; `anonymous`: who is nobody in particular. Worked out by the rule as it is
   * written down and asked of the service: throws unless both are the same.
   */
  finds: (who: string, sourceId?: string) => Promise<string[]>;
  /** The same as the site's own rule has it. */
  mayFind: (who: string) => string[];
};

export const EVERYBODY = ["u", "v", "w", "x", "anonymous"];

/**
 * A source whose space the group `staff` reads: u, w and x belong to it, v does not, and g2 has w. A site of a company: each of them may
 * use Confluence.
 */
export async function makeAccessWorld(
  sql: postgres.Sql,
  options: {
    access?: Partial<Pick<Source, "access" | "unreadableContainers">>;
    content?: ContentOptions;
  } = {},
): Promise<AccessWorld> {
  const access = { access: "per_user", unreadableContainers: "hide", ...options.access } as const;
  const world = await makeSyncWorld(sql, { ...options, access });
  const { site } = world;
  for (const id of ["u", "v", "w", "x"]) putPerson(site, id, { email: `${id}@example.com` });
  addGroup(site, { name: "staff", members: ["u", "w", "x"] });
  addGroup(site, { name: "g1", members: ["u"] });
  addGroup(site, { name: "g2", members: ["w"] });
  setSpaceReaders(site, SPACE, { groups: ["staff"] });
  const restrict: AccessWorld["restrict"] = ({ id }, named) => {
    restrictContent(site, id, named);
  };
  const subjectOf = (who: string): Subject =>
    who === "anonymous" ? { type: "anonymous" } : { type: "user", id: who };
  return {
    ...world,
    restrict,
    add: (title, { parent, kind = "page", ...named } = {}) => {
      const page = addPage(site, {
        space: SPACE,
        title,
        body: bodyOf(title),
        kind,
        parentId: parent?.id ?? null,
      });
      if (named.users ?? named.groups) restrict(page, named);
      return page;
    },
    addFolder: (title, { parent, kind = "folder", ...named } = {}) => {
      const folder = addFolder(site, { space: SPACE, title, kind, parentId: parent?.id ?? null });
      if (named.users ?? named.groups) restrict(folder, named);
      return folder;
    },
    sweep: async () => {
      world.pass(15 * 60_000);
      await world.minute("sweep-access");
    },
    finds: async (who, sourceId = SOURCE_ID) => {
      const nodes = await passingNodes(sql, { sourceId, who });
      const rows = await sql<{ title: string }[]>`
        select title from confluence_pages p
        where source_id = ${sourceId} and is_findable(p) and access_node = any(${nodes}) order by title`;
      const byRule = rows.map((row) => row.title);
      const shown = await shownTo(sql, { who, sourceId, now: world.now() });
      if (shown.join() !== byRule.join())
        throw new Error(
          `The service shows ${who} [${shown.join()}], and by the rule it is [${byRule.join()}]`,
        );
      return byRule;
    },
    mayFind: (who) =>
      [...site.pages.values()]
        .filter((page) => page.status === "current" && mayView(site, subjectOf(who), page.id))
        .map((page) => page.title)
        .toSorted(),
  };
}

/** Any evidence counts: tests of its age ask for themselves. */
const MAX_AGE_MS = 365 * 24 * 3_600_000;

/** What the service shows somebody of the source. */
async function shownTo(
  sql: postgres.Sql,
  { who, sourceId, now }: { who: string; sourceId: string; now: Date },
): Promise<string[]> {
  const reader: Reader =
    who === "anonymous" ? { visibility: "anonymous" } : { visibility: "own", person: [{ accountId: who }] };
  const request = { reader, sources: [sourceId], spaces: null, now, maxAgeMs: MAX_AGE_MS, lenient: true };
  const { readable } = await readableFor(sql, request);
  const rows = await sql<{ title: string }[]>`
    select title from confluence_pages p
    where source_id = ${sourceId} and is_findable(p) and is_readable(p, ${readableArguments(sql, readable)}) order by title`;
  return rows.map((row) => row.title);
}
