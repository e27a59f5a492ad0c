import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { routes } from "#infra/routes.ts";
import { profiles } from "#functions/api/mcp/profiles.ts";
import { addSpace } from "#infra/local/confluence-site/edits.ts";
import { addNode, putUnder, setAccess, setDirectory } from "#test/support/access-nodes.ts";
import type { ApiAnswer, ApiCall } from "#test/support/api-client.ts";
import { makeApiFixture, type ApiFixture } from "#test/support/api-fixture.ts";
import { store, type TestPage } from "#test/support/stored-pages.ts";

/*
 * A space with pages that some may not see, and a space that some may not see at all. Every word in their titles and texts that starts
 * with `hid`, every id in the 900s and every label says so by itself, so that it can be looked for in any response.
 */

let fixture: ApiFixture;
let handbook: string;
let merger: string;
let open: string;

const SECRET = /hid[a-z]+|\b90\d\b|merger/i;

beforeAll(async () => {
  fixture = await makeApiFixture();
  const { sql } = fixture.database;
  addSpace(fixture.site, { key: "MERGER", name: "Merger" });
  addSpace(fixture.site, { key: "OPEN", name: "Open" });
  handbook = await fixture.addSource({ title: "Handbook" });
  merger = await fixture.addSource({ title: "Merger", space_key: "MERGER" });
  open = await fixture.addSource({ title: "Open", space_key: "OPEN" });
  await setAccess(sql, open, "everything", null);
  const now = fixture.clock.now();
  for (const source of [handbook, merger]) await setAccess(sql, source, "per_user", now);
  await setDirectory(sql, handbook, {
    people: [
      { accountId: "insider", email: "insider@example.com", groups: ["staff", "board"] },
      { accountId: "stranger", email: "stranger@example.com", groups: ["staff"] },
    ],
    verifiedAt: now,
  });
  const space = await addNode(sql, { sourceId: handbook, groups: ["staff"] });
  const restricted = await addNode(sql, {
    sourceId: handbook,
    contentId: "901",
    parent: space,
    groups: ["board"],
  });
  const folder = await addNode(sql, {
    sourceId: handbook,
    contentId: "905",
    parent: space,
    state: "unknown",
  });
  const board = await addNode(sql, { sourceId: merger, groups: ["board"] });
  await putUnder(sql, handbook, ["1", "2", "3", "4", "6"], space);
  await putUnder(sql, handbook, ["901", "902", "903"], restricted);
  await putUnder(sql, handbook, ["905"], folder);
  await putUnder(sql, merger, ["904"], board);

  const put = (page: TestPage) => store(sql, fixture.embedder, { sourceId: handbook, ...page });
  await put({ pageId: "1", title: "Handbook", chunks: ["welcome to the handbook of airships"] });
  await put({
    pageId: "901",
    title: "Hidplan",
    parentId: "1",
    labels: ["hidlabel"],
    chunks: ["the hidplan of airships is kept from most", "shared paragraph about airships and sails"],
  });
  await put({
    pageId: "902",
    title: "Hidchild",
    parentId: "901",
    chunks: ["below the hidplan nobody else reads of hidkubernetes either, airships"],
  });
  // Its parents are not what decides over it: a page may be moved before its place is known.
  await put({ pageId: "2", title: "Sails", parentId: "901", chunks: ["sails of airships are sewn by hand"] });
  await put({ pageId: "3", title: "Copied", chunks: ["shared paragraph about airships and sails"] });
  await put({
    pageId: "4",
    title: "In a folder",
    parentId: "905",
    parentType: "folder",
    chunks: ["ropes of airships"],
  });
  await sql`
    insert into confluence_folders (source_id, folder_id, kind, title, parent_id, operation_id)
    values (${handbook}, '905', 'folder', 'Hidfolder', null, 'listing')`;
  await put({
    sourceId: merger,
    pageId: "904",
    title: "Hiddeal",
    chunks: ["the hiddeal about airships"],
  });
  // On another site, where a page has the id of one that everybody sees here.
  await sql`update archon_sources set base_url = 'https://merger.example' where source_id = ${merger}`;
  await putUnder(sql, merger, ["3"], board);
  await put({ sourceId: merger, pageId: "3", title: "Hidtwin", chunks: ["the hidtwin of a page, airships"] });
  await put({ sourceId: open, pageId: "7", title: "Weather", chunks: ["airships and the weather"] });
  // Comments and files are seen by whoever sees what they are on.
  await put({
    pageId: "comments-901",
    kind: "comments",
    title: "Hidplan",
    chunks: ["hidremark about airships"],
  });
  await put({
    pageId: "att903",
    title: "hidfile.pdf",
    chunks: ["hidattachment about airships"],
  });
  await sql`update confluence_pages set container_id = '901' where page_id in ('comments-901', 'att903')`;
  await sql`update confluence_pages set kind = 'attachment', file = '{}' where page_id = 'att903'`;
  await sql`
    insert into confluence_comments (source_id, comment_id, container_id, location, author_name, modified_at, version, url, body)
    values (${handbook}, '906', '901', 'footer', 'Hidauthor', ${now}, 1, 'https://site.example/906', '')`;
  await sql`
    update archon_crawled_pages set metadata = metadata || '{"place": {"comment_id": "906"}}' where page_id = 'comments-901'`;
}, 60_000);
afterAll(() => fixture.close());

const asStranger: ApiCall = {
  authorizer: { jwt: { claims: { sub: "s", scope: "search", atlassian_account_id: "stranger" } } },
};
const asInsider: ApiCall = {
  authorizer: { jwt: { claims: { sub: "i", scope: "search", atlassian_account_id: "insider" } } },
};

type Probe = { path: string; body?: object; query?: Record<string, string> };

const QUESTIONS = [
  "airships",
  "hidplan",
  "Hidplan",
  "hidplann",
  "shared paragraph about airships",
  "hidremark",
  "merger",
];

/** Each search in both modes, explained, with and without each filter that a secret may be guessed by. */
const searches = (path: string): Probe[] =>
  QUESTIONS.flatMap((query) =>
    ["chunks", "pages"].flatMap((return_mode) => [
      { path, body: { query, return_mode, explain: true, match_count: 100 } },
      { path, body: { query, return_mode, explain: true, labels: ["hidlabel"] } },
      { path, body: { query, return_mode, explain: true, kinds: ["comments", "attachment"] } },
      { path, body: { query, return_mode, explain: true, source: open } },
      { path, body: { query, return_mode, explain: true, space_key: "DEMO" } },
    ]),
  );

const knowledge = (prefix: string): Record<string, () => Probe[]> => ({
  [`GET ${prefix}`]: () => [{ path: prefix }, { path: prefix, query: { search: "merger" } }],
  [`GET ${prefix}/summary`]: () => [{ path: `${prefix}/summary` }],
  [`GET ${prefix}/sources`]: () => [{ path: `${prefix}/sources` }],
  [`POST ${prefix}/search`]: () => searches(`${prefix}/search`),
  [`GET ${prefix}/{source_id}/chunks`]: () => [
    ...[handbook, merger, open].map((source) => ({
      path: `${prefix}/${source}/chunks`,
      query: { limit: "100" },
    })),
    { path: `${prefix}/${handbook}/chunks`, query: { domain_filter: "901" } },
  ],
});

const urlOf = (id: string) => `https://site.example/wiki/spaces/DOCS/pages/${id}`;
/** Of pages, comments and files, those that are hidden and those that are not. */
const ids = () => ["1", "901", "902", "904", "comments-901", "att903", `${handbook}~901`, `${merger}~904`];

/** By profile: how each of its tools is asked for what is hidden. */
const TOOL_CALLS: Record<string, Record<string, () => object[]>> = {
  "/mcp": {
    search_confluence: () =>
      QUESTIONS.flatMap((query) => [
        { query, limit: 10, detail: "full" },
        { query, label: "hidlabel" },
        { query, kind: "comments" },
        { query, kind: "attachment" },
        { query, space: "DEMO" },
        { query, space: "MERGER" },
        { query, space: "Merger", updated_since: "2026-01-01" },
      ]),
    read_confluence_page: () =>
      [
        ..."1 2 3 4 901 902 903 904 comments-901 att903".split(" "),
        `${handbook}~901`,
        `${merger}~904`,
        `${merger}~3`,
        ...["1", "901", "904"].flatMap((id) => [
          `https://acme.atlassian.net/wiki/spaces/DEMO/pages/${id}`,
          `https://merger.example/wiki/spaces/MERGER/pages/${id}`,
          `https://acme.atlassian.net/wiki/spaces/DEMO/pages/${id}?focusedCommentId=906`,
          `https://acme.atlassian.net/wiki/spaces/DEMO/pages/${id}?preview=/${id}/903/hidfile.pdf`,
        ]),
        "https://acme.atlassian.net/wiki/display/DEMO/Hidplan",
        "https://acme.atlassian.net/wiki/download/attachments/901/hidfile.pdf",
      ].map((page) => ({ page })),
    list_confluence_spaces: () => [{}, { contains: "merger" }, { contains: "e" }],
  },
  "/mcp/chatgpt": {
    search: () => QUESTIONS.map((query) => ({ query })),
    fetch: () => ids().map((id) => ({ id })),
  },
  "/mcp/archon": {
    rag_get_available_sources: () => [{}],
    rag_search_knowledge_base: () =>
      QUESTIONS.flatMap((query) => [
        { query, match_count: 20 },
        { query, match_count: 20, return_mode: "chunks" },
        { query, source_id: handbook },
      ]),
    rag_search_code_examples: () => QUESTIONS.map((query) => ({ query, match_count: 20 })),
    rag_list_pages_for_source: () => [
      { source_id: handbook },
      { source_id: handbook, section: "Hidplan" },
      { source_id: open },
    ],
    rag_read_full_page: () => [
      ...ids().map((page_id) => ({ page_id })),
      ...["1", "901", "904"].map((id) => ({
        url: `https://acme.atlassian.net/wiki/spaces/DEMO/pages/${id}`,
      })),
    ],
  },
};

const toolCalls = (path: string): Probe[] =>
  Object.entries(TOOL_CALLS[path] ?? {}).flatMap(([name, calls]) =>
    calls().map((args) => ({
      path,
      body: { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: args } },
    })),
  );

/**
 * How each route of the scope `search` is asked for what is hidden. A new one needs an entry here: without one, nothing shows that it
 * filters.
 */
const PROBES: Record<string, () => Probe[]> = {
  "POST /api/rag/query": () => searches("/api/rag/query"),
  "GET /api/rag/sources": () => [{ path: "/api/rag/sources" }],
  ...knowledge("/api/knowledge-items"),
  ...knowledge("/api/knowledge"),
  "GET /api/pages": () => [
    ...[handbook, merger].map((source_id) => ({ path: "/api/pages", query: { source_id } })),
    { path: "/api/pages", query: { source_id: handbook, section: "Hidplan" } },
  ],
  "GET /api/pages/by-url": () =>
    ["1", "901", "902", "904"].map((id) => ({
      path: "/api/pages/by-url",
      query: { url: urlOf(id) },
    })),
  "GET /api/pages/{page_id}": () => ids().map((id) => ({ path: `/api/pages/${id}` })),
  "GET /api/confluence/{source_id}/pages/{page_id}/chunks": () =>
    [handbook, merger, open].flatMap((source) =>
      ["1", "901", "902", "904", "905", "comments-901", "att903"].map((id) => ({
        path: `/api/confluence/${source}/pages/${id}/chunks`,
      })),
    ),
  "POST /mcp": () => toolCalls("/mcp"),
  "POST /mcp/chatgpt": () => toolCalls("/mcp/chatgpt"),
  "POST /mcp/archon": () => toolCalls("/mcp/archon"),
  "GET /api/database/metrics": () => [{ path: "/api/database/metrics" }],
};

const bothPrefixes = (routes: readonly string[]) =>
  routes.flatMap((one) =>
    ["/api/knowledge-items", "/api/knowledge"].map((prefix) => one.replace("PREFIX", prefix)),
  );

/** Every route of another scope than `search`, by why it filters nothing. A new one is put here, or gets that scope and a probe. */
const UNFILTERED: Record<string, readonly string[]> = {
  "for operators: names sources, sites, hooks, queues and operations, no text of pages": [
    "GET /api/confluence/sources",
    "GET /api/confluence/sites",
    "GET /api/confluence/sites/{site_id}",
    "GET /api/confluence/sites/{site_id}/hooks",
    "GET /api/confluence/{source_id}",
    "GET /api/confluence/{source_id}/status",
    "GET /api/progress",
    "GET /api/progress/{operation_id}",
    "GET /api/crawl-progress/{operation_id}",
    "GET /api/usage",
    "GET /api/queues",
  ],
  "for operators: names pages, spaces, groups and people whatever the caller may read": [
    "GET /api/confluence/sites/{site_id}/spaces",
    "GET /api/confluence/{source_id}/pages",
    "GET /api/confluence/{source_id}/pages/{page_id}",
    "GET /api/confluence/{source_id}/held-deletions",
    "GET /api/progress/{operation_id}/planned-changes",
    "GET /api/progress/{operation_id}/changes",
    "GET /api/access/explain",
    "GET /api/identities",
    "POST /api/rag/explain",
  ],
  "for operators: changes something, and responds with what a GET of theirs shows": [
    "POST /api/confluence/sources",
    "POST /api/confluence/sites",
    "POST /api/confluence/sites/check",
    "PATCH /api/confluence/sites/{site_id}",
    "DELETE /api/confluence/sites/{site_id}",
    "POST /api/confluence/sites/{site_id}/discover",
    "PATCH /api/confluence/{source_id}",
    "DELETE /api/confluence/{source_id}",
    "POST /api/confluence/{source_id}/sync",
    "POST /api/confluence/{source_id}/cancel",
    "POST /api/confluence/{source_id}/deletion-check",
    "POST /api/confluence/{source_id}/held-deletions/approve",
    "POST /api/confluence/{source_id}/held-deletions/reject",
    "POST /api/confluence/{source_id}/pages/{page_id}/sync",
    "POST /api/confluence/sites/{site_id}/hooks",
    "POST /api/confluence/sites/{site_id}/hooks/{hook_id}/rotate",
    "DELETE /api/confluence/sites/{site_id}/hooks/{hook_id}",
    "PUT /api/identities",
    "POST /api/queues/{queue}/redrive",
    "DELETE /api/sources/{source_id}",
    ...bothPrefixes([
      "POST PREFIX/stop/{operation_id}",
      "PUT PREFIX/{source_id}",
      "DELETE PREFIX/{source_id}",
      "POST PREFIX/{source_id}/refresh",
    ]),
  ],
  "takes an event of Confluence and says nothing of what is stored": ["POST /hooks/confluence/{hook_id}"],
  "reads nothing that is stored of sources": [
    ...["/mcp", "/mcp/chatgpt", "/mcp/archon"].flatMap((path) => [
      `GET ${path}`,
      `DELETE ${path}`,
      `GET /.well-known/oauth-protected-resource${path}`,
    ]),
    "GET /.well-known/oauth-protected-resource",
    "GET /health",
    "GET /api/health",
    "GET /openapi.json",
  ],
};

/** Routes that respond 501 whatever is asked. */
const NOT_PROVIDED = new Set(
  routes.filter((route) => route.function === "not-provided").map(({ method, path }) => `${method} ${path}`),
);
const readPaths = routes
  .filter(({ scope }) => scope === "search")
  .map(({ method, path }) => `${method} ${path}`)
  .filter((route) => !NOT_PROVIDED.has(route));

/** What a response says beyond the request, which it may repeat. */
function told(answer: ApiAnswer): string {
  const { headers } = answer;
  const body = JSON.parse(answer.text.replaceAll(/Space \\"merger\\" not found/gi, ""));
  const { query: _query, source: _source, error: _error, detail: _detail, ...rest } = { ...body };
  const { "x-request-id": _number, ...others } = headers;
  return JSON.stringify([Array.isArray(body) ? body : rest, others]).replaceAll(
    new RegExp(`"domain_filter":"[^"]*"`, "g"),
    "",
  );
}

describe("whoever may not see a page", () => {
  it("every route that shows content to searchers has a probe, and every probe a route", () => {
    expect(Object.keys(PROBES).toSorted()).toEqual(readPaths.toSorted());
  });

  it("every other route is listed with why it needs no filter, and is for operators unless it shows nothing of sources", () => {
    const others = routes.filter(({ scope }) => scope !== "search");
    const nameOf = ({ method, path }: (typeof routes)[number]) => `${method} ${path}`;
    expect(Object.values(UNFILTERED).flat().toSorted()).toEqual(others.map(nameOf).toSorted());
    for (const [why, listed] of Object.entries(UNFILTERED)) {
      const scopes = new Set(others.filter((one) => listed.includes(nameOf(one))).map(({ scope }) => scope));
      const isForOperators = [...scopes].every(
        (scope) => scope === "sources:read" || scope === "sources:write",
      );
      expect([why, isForOperators]).toEqual([why, why.startsWith("for operators")]);
    }
  });

  it("every tool that agents call has probes, and every probe a tool", () => {
    const tools = profiles.map(({ contract, tools: [...list] }) => [
      contract.paths[0],
      list.map(({ name }) => name).toSorted(),
    ]);
    const probed = Object.entries(TOOL_CALLS).map(([path, calls]) => [path, Object.keys(calls).toSorted()]);
    expect(probed.toSorted()).toEqual(tools.toSorted());
  });

  it.each(readPaths)(
    "%s tells a stranger nothing of hidden pages, which it shows to an insider",
    async (route) => {
      const [method = ""] = route.split(" ");
      let toInsider = "";
      for (const { path, ...call } of PROBES[route]?.() ?? []) {
        const answer = await fixture.api(method, path, { ...asStranger, ...call });
        expect([path, call, told(answer)]).toEqual([path, call, expect.not.stringMatching(SECRET)]);
        expect([200, 404]).toContain(answer.status);
        toInsider += told(await fixture.api(method, path, { ...asInsider, ...call }));
      }
      // Counts are compared below.
      if (route !== "GET /api/database/metrics") expect(toInsider).toMatch(SECRET);
    },
  );

  it.each(readPaths)("%s responds to a stranger as if the hidden pages were not there", async (route) => {
    const [method = ""] = route.split(" ");
    const before: string[] = [];
    const after: string[] = [];
    const ask = async (into: string[]) => {
      for (const { path, ...call } of PROBES[route]?.() ?? []) {
        const { status, text } = await fixture.api(method, path, { ...asStranger, ...call });
        into.push(`${status} ${withoutScores(text)}`);
      }
    };
    await ask(before);
    const { sql } = fixture.database;
    await sql`
      update confluence_pages set missing_since = now()
      where access_node is distinct from (select node_id from access_nodes where source_id = ${handbook} and content_id is null)
        and source_id <> ${open}`;
    await ask(after);
    await sql`update confluence_pages set missing_since = null`;
    expect(after).toEqual(before);
  });

  it("case 55: a hidden page is not found, by the same words as one that does not exist", async () => {
    for (const [hidden, absent] of [
      ["/api/pages/901", "/api/pages/999"],
      [`/api/pages/${handbook}~901`, `/api/pages/${handbook}~999`],
    ]) {
      const one = await fixture.api("GET", hidden ?? "", asStranger);
      const other = await fixture.api("GET", absent ?? "", asStranger);
      expect([one.status, one.text]).toEqual([404, other.text]);
    }
    const byUrl = (id: string) =>
      fixture.api("GET", "/api/pages/by-url", {
        ...asStranger,
        query: { url: urlOf(id) },
      });
    expect((await byUrl("901")).text).toBe((await byUrl("999")).text);
    expect((await byUrl("901")).status).toBe(404);
    for (const path of ["/api/knowledge-items/ID/chunks", "/api/pages"]) {
      const of = (id: string) =>
        fixture.api("GET", path.replace("ID", id), { ...asStranger, query: { source_id: id } });
      const [hidden, absent] = [await of(merger), await of("nothing")];
      expect([hidden.status, hidden.text.replaceAll(merger, "ID")]).toEqual([
        404,
        absent.text.replaceAll("nothing", "ID"),
      ]);
    }
    const inSpace = (space_key: string) =>
      fixture.api("POST", "/api/rag/query", { ...asStranger, body: { query: "airships", space_key } });
    const [hidden, absent] = [await inSpace("MERGER"), await inSpace("NOTHING")];
    expect([hidden.status, hidden.text.replaceAll("MERGER", "KEY")]).toEqual([
      404,
      absent.text.replaceAll("NOTHING", "KEY"),
    ]);
  });

  it("a hidden page does not answer 304 to whoever knows the tag of its text", async () => {
    const path = "/api/pages/901";
    const seen = await fixture.api("GET", path, asInsider);
    expect(seen.status).toBe(200);
    const headers = { "if-none-match": seen.headers.etag };
    expect((await fixture.api("GET", path, { ...asInsider, headers })).status).toBe(304);
    expect((await fixture.api("GET", path, { ...asStranger, headers })).status).toBe(404);
    expect(
      (await fixture.api("GET", path, { ...asStranger, headers: { "if-none-match": "*" } })).status,
    ).toBe(404);
  });

  it("case 54: counts, breadcrumbs, copies and snippets are of visible pages only", async () => {
    const ask = async (call: ApiCall, body: object) =>
      (
        await fixture.api("POST", "/api/rag/query", {
          ...call,
          body: { match_count: 100, explain: true, ...body },
        })
      ).body;
    const strangers = await ask(asStranger, { query: "airships" });
    const insiders = await ask(asInsider, { query: "airships" });
    expect([strangers.total_found, insiders.total_found]).toEqual([5, 11]);
    expect(strangers.explained.sources_searched).toBe(2);
    expect(insiders.explained.sources_searched).toBe(3);
    const hit = (answer: { results: { page_id: string }[] }, id: string) =>
      answer.results.find(({ page_id }) => page_id === id);
    expect(hit(strangers, "2")).toMatchObject({ ancestors: [{ page_id: "1", title: "Handbook" }] });
    expect(hit(insiders, "2")).toMatchObject({
      ancestors: [{ page_id: "1" }, { page_id: "901", title: "Hidplan" }],
    });
    expect(hit(strangers, "4")).toMatchObject({ ancestors: [] });
    expect(hit(strangers, "3")).toBeDefined();
    expect(hit(insiders, `${merger}~3`)).toBeDefined();
    const copied = await ask(asStranger, { query: "shared paragraph" });
    expect(hit(copied, "3")).toMatchObject({ also_on: [], also_on_total: 0 });
    const both = await ask(asInsider, { query: "shared paragraph" });
    expect(both.results[0]).toMatchObject({ also_on_total: 1 });
    const removed = (await ask(asStranger, { query: "airships", source: open })).explained.removed_by_filter;
    expect(removed.source).toBe(4);
    const metrics = await fixture.api("GET", "/api/database/metrics", asStranger);
    expect(metrics.body).toMatchObject({ sources_count: 2, pages_count: 5, chunks_count: 5 });
  });

  it("a query is not corrected to a word of hidden pages, and is corrected although they contain its words", async () => {
    const corrected = async (call: ApiCall, query: string) =>
      (await fixture.api("POST", "/api/rag/query", { ...call, body: { query } })).body.corrected_query;
    expect(await corrected(asInsider, "hidkubrnetes")).toBe("hidkubernetes");
    expect(await corrected(asStranger, "hidkubrnetes")).toBeNull();
    // One text is read for each word, and a hidden one must not spell it: whichever end is read from, a hidden one comes first. Nothing
    // says who may see the first and the last.
    const put = (page: TestPage) =>
      store(fixture.database.sql, fixture.embedder, { sourceId: handbook, ...page });
    const putHidden = (pageId: string) =>
      put({ pageId, title: "Hidword", chunks: ["hydroplxne hydroplane"] });
    await putHidden("0");
    await put({ pageId: "6", title: "Near", chunks: ["hydroplane"] });
    for (const pageId of ["903", "909"]) await putHidden(pageId);
    // Whether it is corrected must not say that a hidden page contains it.
    expect(await corrected(asInsider, "hydroplxne")).toBeNull();
    expect(await corrected(asStranger, "hydroplxne")).toBe("hydroplane");
    await fixture.database.sql`delete from confluence_pages where page_id in ('0', '6', '903', '909')`;
  });
});

/**
 * Scores weigh words by how often they occur in all chunks, which moves them, and with them what is equal otherwise. The lines around
 * quotes are random.
 */
function withoutScores(text: string): string {
  return text
    .replaceAll(
      /"(score|similarity_score|aggregate_similarity|average_similarity|relevance|coverage|rank)":[-0-9.e]+/g,
      "",
    )
    .replaceAll(/confluence-[0-9a-f]{8}/g, "");
}
