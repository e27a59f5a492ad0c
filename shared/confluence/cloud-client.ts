import type { Client, SendRequestOptions } from "confluence.js/core";
import {
  createBulkUserLookup,
  getDatabaseById,
  getFolderById,
  getLabelPages,
  getPageById,
  getPages,
  getSmartLinkById,
  getSpaceContentLabels,
  getSpaces,
  getWhiteboardById,
} from "confluence.js/v2";
import { z } from "zod";
import { PermanentError } from "#shared/errors.ts";
import type { ConfluenceClient, ConfluencePage, ContainerKind, Drift } from "./client.ts";
import { makeTransport, MORE_TRIES, RETRY_BUDGET_MS, type TransportOptions } from "./http-transport.ts";
import { int64 } from "./int64.ts";
import { withSmallerPages } from "./listing-page-size.ts";
import { nextCursor } from "./next-cursor.ts";
import {
  isWebAddress,
  pageFromV1,
  pageFromV2,
  pageWithBody,
  unreadablePage,
  webBaseOf,
} from "./page-mapping.ts";
import { faultsOf, invalidAnswer, readItems } from "./read-items.ts";
import {
  accountSchema,
  contentSchema,
  folderSchema,
  identifiedSchema,
  isId,
  labelSchema,
  linksSchema,
  listing,
  pageSchema,
  searchCountSchema,
  spaceSchema,
  userSchema,
} from "./schemas.ts";

/** The most items that a v2 listing gives, and ids that it takes (API description of `/pages`). */
const LISTING_LIMIT = 250;
/**
 * A rendered body is optional (design: the storage body is stored without it) and may take for ever: one call ends within
 * 15 s, its one more try included, so that it fits into the time that a worker keeps for a page.
 */
const RENDER_TIMEOUT_MS = 10_000;
const RENDER_BUDGET_MS = 5000;
/** Bodies are asked for in smaller groups, so that a response stays within tens of megabytes. */
const BODIES_LIMIT = 100;
type V2Listing = {
  results: z.output<typeof pageSchema>[];
  odd: string[];
  next: string | null;
  webBase: string;
};

const v1 = () => import("./v1-calls.ts");

const CONTAINER_CALLS = {
  folder: getFolderById,
  whiteboard: getWhiteboardById,
  database: getDatabaseById,
  embed: getSmartLinkById,
} satisfies Record<ContainerKind, (client: Client, parameters: { id: number }) => Promise<unknown>>;

/** Every status that a page can be found in by its id. */
const ALL_STATUSES = ["current", "archived", "trashed", "deleted"];
const SEARCH_EXPAND = ["version", "ancestors", "metadata.labels", "space"];

/**
 * Confluence Cloud over HTTP: the endpoints of confluence.js over a transport of our own (http-transport.ts says why and what
 * it promises). A response is read by our own small schemas; where the library's schema refuses it, that is counted as drift.
 * The address is checked here; when it is refused, each call fails with `address_refused`.
 */
export function makeConfluenceClient(options: TransportOptions): ConfluenceClient {
  const transport = makeTransport(options);
  const now = () => options.now().getTime();
  const giveUpAt = () => now() + RETRY_BUDGET_MS;
  const drift: Drift = { answers: 0, skipped: 0, example: null };
  const noteDrift = (counted: "answers" | "skipped", count: number, example: string) => {
    drift[counted] += count;
    drift.example ??= example;
  };
  let webBase: string | null = null;

  /** Calls a function of the library and reads the response by our schema. */
  async function ask<T extends z.ZodType>(
    schema: T,
    send: (client: Client) => Promise<unknown>,
    request: (request: SendRequestOptions) => Promise<unknown> = (request) =>
      transport.send(request, MORE_TRIES, giveUpAt()),
  ): Promise<z.output<T>> {
    let misfit: string | null = null;
    const response = await send({
      async sendRequest<A>(options: SendRequestOptions<A>): Promise<A> {
        const response = await request(options);
        const error = options.schema?.safeParse(response).error;
        misfit = error ? `${options.url}: ${faultsOf(error)[0]}` : null;
        // Not used as A: it goes through our own schema below.
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion
        return response as A;
      },
    });
    const read = schema.safeParse(response);
    if (!read.success) {
      throw invalidAnswer(faultsOf(read.error));
    }
    if (misfit !== null) noteDrift("answers", 1, misfit);
    learnWebBase(read.data);
    return read.data;
  }

  /** Listings and single pages alike contain the site's address for people. */
  function learnWebBase(response: unknown): void {
    const base = linksSchema.safeParse(response).data?._links.base;
    if (base && isWebAddress(base)) webBase = webBaseOf(base, transport.base);
  }

  /**
   * One page of a listing; when Confluence fails on it, asked again in smaller pages. An item that lacks what the sync needs is
   * counted as drift and does not spoil the others: `odd` has the ids of those that have one.
   */
  async function askPage<T extends z.ZodType>(
    item: T,
    cursor: string | null,
    send: (client: Client, page: { cursor?: string; limit: number }) => Promise<unknown>,
  ) {
    const until = giveUpAt();
    const response = await withSmallerPages(
      LISTING_LIMIT,
      () => now() < until,
      async (limit, retries) =>
        ask(
          listing(z.unknown()),
          (client) => send(client, { ...(cursor === null ? {} : { cursor }), limit }),
          (request) => transport.send(request, retries, until),
        ),
    );
    const webBase = webBaseOf(response._links.base, transport.base);
    const { results, odd, faults } = readItems(item, response.results);
    if (odd.length > 0) noteDrift("skipped", odd.length, faults[0] ?? "");
    return {
      results,
      odd: odd.flatMap((one) => identifiedSchema.safeParse(one).data?.id ?? []),
      next: nextCursor(response._links.next ?? null, cursor, [transport.base, webBase]),
      webBase,
    };
  }

  /** Pages of at most one call's ids. Several responses when the site gives fewer than asked for at a time. */
  async function pagesOfOneCall(ids: readonly string[], body: "storage" | null): Promise<ConfluencePage[]> {
    const pages: ConfluencePage[] = [];
    const seen = new Set<string>();
    let cursor: string | null = null;
    do {
      const page: V2Listing = await askPage(pageSchema, cursor, (client, paging) =>
        getPages(client, {
          id: ids.map(int64),
          status: ALL_STATUSES,
          ...(body ? { bodyFormat: body } : {}),
          ...paging,
        }),
      );
      const sent = [
        ...page.results.map((item) => pageWithBody(item, page.webBase, "storage")),
        ...page.odd.map((id) => ({ ...unreadablePage(id), body: null })),
      ];
      for (const found of sent) {
        if (ids.includes(found.id)) pages.push(found);
        else noteDrift("skipped", 1, `page ${found.id} was not asked for`);
      }
      cursor = page.next;
      if (cursor !== null && seen.has(cursor)) {
        throw new PermanentError("invalid_answer", "Pagination loop: Confluence returned a cursor twice");
      }
      if (cursor !== null) seen.add(cursor);
    } while (cursor !== null);
    return pages;
  }

  /** When a response with bodies is larger than can be read, its ids are asked for in halves; a single one without its body. */
  async function pagesInParts(ids: readonly string[], body: "storage" | null): Promise<ConfluencePage[]> {
    try {
      return await pagesOfOneCall(ids, body);
    } catch (error) {
      if (!body || !(error instanceof PermanentError) || error.code !== "answer_too_large") throw error;
      if (ids.length === 1) {
        return (await pagesOfOneCall(ids, null)).map((page) => ({ ...page, bodyTooLarge: true }));
      }
      const half = Math.ceil(ids.length / 2);
      return [
        ...(await pagesInParts(ids.slice(0, half), body)),
        ...(await pagesInParts(ids.slice(half), body)),
      ];
    }
  }

  return {
    async currentUser() {
      const user = await ask(userSchema, async (client) => (await v1()).getCurrentUser(client));
      const known = user.type !== "anonymous" && user.accountId;
      return {
        accountId: known ? known : null,
        displayName: user.displayName ?? null,
        timeZone: user.timeZone ?? null,
      };
    },

    async space(key) {
      const { results } = await ask(listing(spaceSchema), (client) => getSpaces(client, { keys: [key] }));
      const same = (other: string | null | undefined) => other?.toLowerCase() === key.toLowerCase();
      const space = results.find((result) => same(result.key) || same(result.currentActiveAlias));
      if (!space) return null;
      const { id, name, status, homepageId } = space;
      return { id, key: space.key, name, status, homepageId: homepageId ?? null };
    },

    async searchPages(cql, cursor) {
      const page = await askPage(contentSchema, cursor, async (client, paging) =>
        (await v1()).searchContentByCQL(client, { cql, expand: SEARCH_EXPAND, ...paging }),
      );
      const pages = page.results.map((item) => pageFromV1(item, page.webBase));
      return { pages: [...pages, ...page.odd.map(unreadablePage)], next: page.next };
    },

    async countPages(cql) {
      const response = await ask(searchCountSchema, async (client) =>
        (await v1()).searchByCQL(client, { cql, limit: 1 }),
      );
      return response.totalSize ?? null;
    },

    async listPages(spaceId, cursor) {
      // By id, so that an edit in the meantime moves no page to a part of the listing that was already read.
      const page = await askPage(pageSchema, cursor, (client, paging) =>
        getPages(client, { spaceId: [int64(spaceId)], status: ["current"], sort: "id", ...paging }),
      );
      const pages = page.results.map((item) => pageFromV2(item, page.webBase));
      return { pages: [...pages, ...page.odd.map(unreadablePage)], next: page.next };
    },

    async pagesById(ids, { body }) {
      const pages: ConfluencePage[] = [];
      // What is no id of Confluence's is an id of no page: the others are asked for.
      for (const group of groupsOf(ids.filter(isId), body ? BODIES_LIMIT : LISTING_LIMIT)) {
        pages.push(...(await pagesInParts(group, body)));
      }
      return pages;
    },

    async renderedPage(id) {
      try {
        const until = now() + RENDER_BUDGET_MS;
        const page = await ask(
          pageSchema,
          (client) => getPageById(client, { id: int64(id), bodyFormat: "export_view" }),
          (request) => transport.send(request, 1, until, RENDER_TIMEOUT_MS),
        );
        const rendered = pageWithBody(page, webBaseOf(page._links.base, transport.base), "export_view");
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

    async labelledPageIds(labelId, spaceId, cursor) {
      const page = await askPage(identifiedSchema, cursor, (client, paging) =>
        getLabelPages(client, { id: int64(labelId), spaceId: [int64(spaceId)], ...paging }),
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

    async container(id, kind) {
      const found = await ask(folderSchema, (client) => CONTAINER_CALLS[kind](client, { id: int64(id) }));
      const { title, parentId, parentType } = found;
      return { id, title, parentId: parentId ?? null, parentType: parentId ? (parentType ?? null) : null };
    },

    webBase: () => webBase,
    callsMade: transport.callsMade,
    serverTime: transport.serverTime,
    nearLimit: transport.nearLimit,
    drift: () => ({ ...drift }),
  };
}

function groupsOf<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, n) =>
    items.slice(n * size, (n + 1) * size),
  );
}

function bodyTooLarge(id: string): PermanentError {
  return new PermanentError("body_too_large", "The page's body is larger than 20 MB", {
    details: { page_id: id },
  });
}
