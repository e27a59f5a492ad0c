import type { Client } from "confluence.js/core";
import {
  convertContentIdsToContentTypes,
  createBulkUserLookup,
  getBlogPostById,
  getBlogPosts,
  getDatabaseById,
  getFolderById,
  getLabelBlogPosts,
  getLabelPages,
  getPageById,
  getPages,
  getSmartLinkById,
  getSpaceContentLabels,
  getSpaces,
  getWhiteboardById,
} from "confluence.js/v2";
import { z } from "zod";
import type { ContentKind, PageKind } from "#shared/content-kinds.ts";
import { PermanentError } from "#shared/errors.ts";
import { LISTING_LIMIT, makeCaller } from "./call-confluence.ts";
import type { ConfluenceClient, ConfluencePage, ContentPage, FolderKind } from "./client.ts";
import { fileCalls } from "./file-calls.ts";
import { groupsOf } from "./groups-of.ts";
import { makeTransport, type TransportOptions } from "./http-transport.ts";
import { int64 } from "./int64.ts";
import { commentWithBody, pageFromV2, pageWithBody, unreadablePage, webBaseOf } from "./page-mapping.ts";
import { pagesInParts } from "./pages-by-id.ts";
import { rightsCalls } from "./rights-calls.ts";
import { RESTRICTION_EXPANDS } from "./rights-mapping.ts";
import { COMMENT_EXPAND, EXPANDS, OF_EVERY_KIND } from "./search-expands.ts";
import { readHits } from "./search-hits.ts";
import {
  accountSchema,
  commentSchema,
  folderSchema,
  identifiedSchema,
  isContentId,
  isId,
  labelSchema,
  listedSpaceSchema,
  listing,
  pageSchema,
  searchCountSchema,
  spaceSchema,
  tenantSchema,
  typesOfIdsSchema,
  userSchema,
} from "./schemas.ts";

/**
 * A rendered body is optional (design: the storage body is stored without it) and may never return: one call ends within
 * 15 s, including one retry, so that it fits into the time that a worker reserves for a page.
 */
const RENDER_TIMEOUT_MS = 10_000;
const RENDER_BUDGET_MS = 5000;
const PROBE_TIMEOUT_MS = 5000;
/** Bodies are requested in smaller groups, so that a response stays within tens of megabytes. */
const BODIES_LIMIT = 100;

const v1 = () => import("./v1-calls.ts");

const FOLDER_CALLS = {
  folder: getFolderById,
  whiteboard: getWhiteboardById,
  database: getDatabaseById,
  embed: getSmartLinkById,
} satisfies Record<FolderKind, (client: Client, parameters: { id: number }) => Promise<unknown>>;

const LISTINGS = { page: getPages, blogpost: getBlogPosts } satisfies Record<PageKind, unknown>;
const RENDERED = { page: getPageById, blogpost: getBlogPostById } satisfies Record<PageKind, unknown>;
const LABELLED = { page: getLabelPages, blogpost: getLabelBlogPosts } satisfies Record<PageKind, unknown>;

/** With bodies Confluence returns at most 50 hits, without a word about it. */
const COMMENTS_LIMIT = 50;
const TYPES_LIMIT = 100;

/**
 * Confluence Cloud over HTTP: the endpoints of confluence.js over its own transport (http-transport.ts says why and what
 * it promises; call-confluence.ts how a response is read). The address is checked here; when it is refused, each call fails with `address_refused`.
 */
export function makeConfluenceClient(options: TransportOptions): ConfluenceClient {
  const transport = makeTransport(options);
  const now = () => options.now().getTime();
  const caller = makeCaller(transport, now);
  const { ask, askPage } = caller;

  async function* partsById(
    kind: PageKind,
    ids: readonly string[],
    body: "storage" | null,
  ): AsyncGenerator<ConfluencePage[]> {
    // An invalid id belongs to no page: only the others are requested.
    for (const group of groupsOf(ids.filter(isId), body ? BODIES_LIMIT : LISTING_LIMIT))
      yield* pagesInParts(caller, kind, group, body);
  }

  async function search(
    cql: string,
    cursor: string | null,
    kinds: readonly ContentKind[],
    { rights } = { rights: false },
  ): Promise<ContentPage> {
    const ofKinds = kinds.length === 0 ? OF_EVERY_KIND : kinds.flatMap((kind) => EXPANDS[kind]);
    const withRights = rights && kinds.some((kind) => kind === "page" || kind === "blogpost");
    const ofRights = withRights ? ["ancestors", ...RESTRICTION_EXPANDS] : [];
    const expand = [...new Set([...ofKinds, ...ofRights])];
    const page = await askPage(z.unknown(), cursor, async (client, paging) =>
      (await v1()).searchContentByCQL(client, { cql, expand, ...paging }),
    );
    const { found, drift } = readHits(page.results, page.webBase, { rights });
    if (drift.count > 0) caller.noteDrift("skipped", drift.count, drift.example);
    return { ...found, next: page.next };
  }

  return {
    ...fileCalls(caller, transport, now),
    ...rightsCalls(caller),

    async currentUser() {
      const user = await ask(userSchema, async (client) => (await v1()).getCurrentUser(client));
      return {
        accountId: user.type === "anonymous" ? null : (user.accountId ?? null),
        displayName: user.displayName ?? null,
        timeZone: user.timeZone ?? null,
      };
    },

    async cloudId() {
      const found = await ask(tenantSchema, (client) =>
        client.sendRequest({ method: "GET", url: "/_edge/tenant_info" }),
      );
      return found.cloudId ?? null;
    },

    async space(key) {
      const { results } = await ask(listing(spaceSchema), (client) => getSpaces(client, { keys: [key] }));
      const same = (other: string | null | undefined) => other?.toLowerCase() === key.toLowerCase();
      const space = results.find((result) => same(result.key) || same(result.currentActiveAlias));
      if (!space) return null;
      const { id, name, status, homepageId } = space;
      return { id, key: space.key, name, status, homepageId: homepageId ?? null };
    },

    async spaces(cursor) {
      const page = await askPage(listedSpaceSchema, cursor, (client, paging) => getSpaces(client, paging));
      const spaces = page.results.map(({ id, key, name, status, type }) => ({ id, key, name, status, type }));
      return { spaces, next: page.next };
    },

    searchContent: search,

    async searchComments(cql, cursor) {
      const page = await askPage(commentSchema, cursor, async (client, { limit, ...paging }) =>
        (await v1()).searchContentByCQL(client, {
          cql,
          expand: COMMENT_EXPAND,
          limit: Math.min(limit, COMMENTS_LIMIT),
          ...paging,
        }),
      );
      const { results, odd, skipped, next, webBase } = page;
      return { comments: results.map((item) => commentWithBody(item, webBase)), odd, skipped, next };
    },

    async typesOfIds(ids) {
      const types = new Map<string, string | null>();
      for (const group of groupsOf(ids.filter(isContentId), TYPES_LIMIT)) {
        const { results } = await ask(typesOfIdsSchema, (client) =>
          convertContentIdsToContentTypes(client, { body: { contentIds: group } }),
        );
        for (const id of group) if (results[id] !== undefined) types.set(id, results[id]);
      }
      return types;
    },

    async countPages(cql) {
      const response = await ask(searchCountSchema, async (client) =>
        (await v1()).searchByCQL(client, { cql, limit: 1 }),
      );
      return response.totalSize ?? null;
    },

    async listPages(kind, spaceId, cursor) {
      // Sorted by id, so that an edit in the meantime moves no page to a part of the listing that was already read.
      const page = await askPage(pageSchema, cursor, (client, paging) =>
        LISTINGS[kind](client, { spaceId: [int64(spaceId)], status: ["current"], sort: "id", ...paging }),
      );
      const pages = page.results.map((item) => pageFromV2(kind, item, page.webBase));
      const odd = page.odd.map((id) => unreadablePage(kind, id));
      return { pages: [...pages, ...odd], next: page.next };
    },

    async pagesById(kind, ids, { body }) {
      const pages: ConfluencePage[] = [];
      for await (const part of partsById(kind, ids, body)) pages.push(...part);
      return pages;
    },

    bodiesById: (kind, ids) => partsById(kind, ids, "storage"),

    async renderedPage(kind, id) {
      try {
        const until = now() + RENDER_BUDGET_MS;
        const page = await ask(
          pageSchema,
          (client) => RENDERED[kind](client, { id: int64(id), bodyFormat: "export_view" }),
          (request) => transport.send(request, 1, until, RENDER_TIMEOUT_MS),
        );
        const rendered = pageWithBody(kind, page, webBaseOf(page._links.base, transport.base), "export_view");
        if (rendered.bodyTooLarge) throw bodyTooLarge(id);
        return rendered;
      } catch (error) {
        if (error instanceof PermanentError && error.code === "answer_too_large") throw bodyTooLarge(id);
        throw error;
      }
    },

    async spaceLabels(spaceId, cursor) {
      const page = await askPage(labelSchema, cursor, (client, paging) =>
        getSpaceContentLabels(client, { id: int64(spaceId), ...paging }),
      );
      return { labels: page.results, next: page.next };
    },

    async labelledPageIds(kind, labelId, spaceId, cursor) {
      const page = await askPage(identifiedSchema, cursor, (client, paging) =>
        LABELLED[kind](client, { id: int64(labelId), spaceId: [int64(spaceId)], ...paging }),
      );
      return { ids: page.results.map((item) => item.id), next: page.next };
    },

    async userNames(accountIds) {
      const names = new Map<string, string>();
      for (const group of groupsOf([...new Set(accountIds)], LISTING_LIMIT)) {
        const { results } = await ask(listing(accountSchema), (client) =>
          createBulkUserLookup(client, { body: { accountIds: group } }),
        );
        for (const user of results) {
          const name = user.displayName || user.publicName;
          if (name) names.set(user.accountId, name);
        }
      }
      return names;
    },

    async folder(id, kind) {
      const found = await ask(folderSchema, (client) => FOLDER_CALLS[kind](client, { id: int64(id) }));
      const { title, parentId, parentType } = found;
      return { id, title, parentId: parentId ?? null, parentType: parentId ? (parentType ?? null) : null };
    },

    async probe({ path: url, query: searchParams, ...request }) {
      await transport.send({ ...request, url, searchParams }, 0, now(), PROBE_TIMEOUT_MS);
    },

    webBase: caller.webBase,
    callsMade: transport.callsMade,
    rateLimitedCalls: transport.rateLimitedCalls,
    serverTime: transport.serverTime,
    nearLimit: transport.nearLimit,
    drift: caller.drift,
  };
}

function bodyTooLarge(id: string): PermanentError {
  return new PermanentError("body_too_large", "The page's body is larger than 20 MB", {
    details: { page_id: id },
  });
}
