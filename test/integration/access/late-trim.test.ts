import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addPage } from "#infra/local/confluence-site/edits.ts";
import {
  addGroup,
  putPerson,
  restrictContent,
  setSpaceReaders,
} from "#infra/local/confluence-site/directory-edits.ts";
import type { SitePage } from "#infra/local/confluence-site/site.ts";
import { addNode, putUnder, setAccess, setDirectory } from "#test/support/access-nodes.ts";
import { makeApiClient, type ApiClient } from "#test/support/api-client.ts";
import { makeApiFixture, verifierOf, type ApiFixture } from "#test/support/api-fixture.ts";
import { store, type TestPage } from "#test/support/stored-pages.ts";

let fixture: ApiFixture;
let sourceId: string;
let pages: SitePage[];
/** Contents that the site was asked about, each with whom it was about. */
let asked: string[];

beforeAll(async () => {
  fixture = await makeApiFixture();
  const { site, services } = fixture;
  putPerson(site, "ann", { email: "ann@example.com" });
  addGroup(site, { name: "staff", members: ["ann"] });
  setSpaceReaders(site, "DEMO", { groups: ["staff"] });
  pages = ["First", "Second", "Third"].map((title) =>
    addPage(site, { space: "DEMO", title, body: "<p>x</p>" }),
  );
  const { confluence } = services;
  services.confluence = (access) => {
    const client = confluence!(access);
    return {
      ...client,
      isPermitted: async (id, subject) => {
        asked.push(`${subject.type === "anonymous" ? "anonymous" : subject.id} ${id}`);
        return client.isPermitted(id, subject);
      },
    };
  };
});
beforeEach(async () => {
  await fixture.reset();
  asked = [];
  const { site, clock } = fixture;
  const { sql } = fixture.database;
  sourceId = await fixture.addSource({ access: "per_user", verify: "live" });
  for (const { id } of pages) restrictContent(site, id, {});
  await setAccess(sql, sourceId, "per_user", clock.now());
  const space = await addNode(sql, { sourceId, groups: ["staff"] });
  await putUnder(
    sql,
    sourceId,
    pages.map(({ id }) => id),
    space,
  );
  await sql`update access_sweeps set due_at = ${later(15)} where source_id = ${sourceId}`;
  await setDirectory(sql, sourceId, {
    people: [{ accountId: "ann", email: "ann@example.com", groups: ["staff"] }],
    verifiedAt: clock.now(),
  });
  // The more often the word stands in a page, the better it matches.
  for (const [index, { id, title }] of pages.entries())
    await put({ pageId: id, title, chunks: [`${"zeppelin ".repeat(4 - index)} of ${title}`] });
});
afterAll(() => fixture.close());

const put = (page: TestPage) => store(fixture.database.sql, fixture.embedder, { sourceId, ...page });
const later = (minutes: number) => new Date(fixture.clock.now().getTime() + minutes * 60_000);
const restrict = (page: SitePage | undefined) =>
  restrictContent(fixture.site, page!.id, { users: ["somebody-else"] });

async function search(body: object = {}, api: ApiClient = fixture.api) {
  const { status, body: found } = await api("POST", "/api/rag/query", {
    authorizer: { lambda: { name: "chat", scopes: ["search", "search:on-behalf-of", "search:all"] } },
    body: { query: "zeppelin", on_behalf_of: { account_id: "ann" }, ...body },
  });
  expect(status).toBe(200);
  return {
    titles: found.results.map(({ title }: { title: string }) => title),
    total: found.total_found,
    undecided: found.permissions.undecided_hits,
    results: found.results,
  };
}
const dueAt = async () => {
  const [row] = await fixture.database.sql<{ at: Date }[]>`select due_at as at from access_sweeps`;
  return row?.at;
};

describe("a source whose hits are verified live", () => {
  it("case 58: a hit that Confluence denies at that moment is left out, the next one moves up, and the rights are read again", async () => {
    expect(await search({ match_count: 2 })).toMatchObject({
      titles: ["First", "Second"],
      total: 2,
      undecided: 0,
    });
    expect(await dueAt()).toEqual(later(15));
    fixture.clock.advance(60_000);
    restrict(pages[0]);
    expect(await search({ match_count: 2 })).toMatchObject({
      titles: ["Second", "Third"],
      total: 2,
      undecided: 0,
    });
    // Five minutes after the last sweep, however often somebody searches.
    expect(await dueAt()).toEqual(later(4));
    await search({ match_count: 3 });
    expect(await dueAt()).toEqual(later(4));
  });

  it("case 58: what Confluence does not decide in time is left out, counted, and the rights are read again", async () => {
    const { services } = fixture;
    const client = services.confluence!;
    const slow = {
      ...services,
      confluence: (access: Parameters<typeof client>[0]) => ({
        ...client(access),
        isPermitted: async (id: string) => (id === pages[1]?.id ? new Promise<never>(() => {}) : true),
      }),
    };
    const api = await makeApiClient({ ...slow, hitVerifier: verifierOf(slow, 40) });
    expect(await search({}, api)).toMatchObject({ titles: ["First", "Third"], total: 2, undecided: 1 });
    expect(await dueAt()).toEqual(later(5));
    expect(fixture.logLines()).toContainEqual(
      expect.objectContaining({
        event: "hits.undecided",
        source_id: sourceId,
        undecided: 1,
        code: "too_slow",
      }),
    );
  });

  it("without a Confluence administrator nothing is decided, and the answer and the log say so", async () => {
    fixture.site.settings.administrator = false;
    expect(await search()).toMatchObject({ titles: [], total: 0, undecided: 3 });
    expect(fixture.logLines()).toContainEqual(
      expect.objectContaining({ event: "hits.undecided", undecided: 3, code: "forbidden" }),
    );
  });

  it("a verifier that cannot run leaves everything undecided, which is an error in the log", async () => {
    const failing = () => Promise.reject(new Error("Lambda is away"));
    const api = await makeApiClient({ ...fixture.services, hitVerifier: failing });
    expect(await search({}, api)).toMatchObject({ titles: [], undecided: 3 });
    expect(fixture.logLines()).toContainEqual(expect.objectContaining({ event: "search.not_verified" }));
  });

  it("what Confluence said is believed for a minute, for that person alone, and only what is returned is asked about", async () => {
    await search({ match_count: 2 });
    expect(asked.toSorted()).toEqual(
      pages
        .slice(0, 2)
        .map(({ id }) => `ann ${id}`)
        .toSorted(),
    );
    asked = [];
    fixture.clock.advance(59_000);
    await search({ match_count: 2 });
    expect(asked).toEqual([]);
    fixture.clock.advance(2000);
    await search({ match_count: 2 });
    expect(asked).toHaveLength(2);
    asked = [];
    const { titles } = await search({ on_behalf_of: undefined, visibility: "anonymous" });
    expect({ titles, asked }).toEqual({ titles: [], asked: [] });
  });

  it("a paused site is not asked", async () => {
    await fixture.database.sql`update confluence_sites set paused_until = ${later(1)}`;
    expect(await search()).toMatchObject({ titles: [], undecided: 3 });
    expect(asked).toEqual([]);
  });

  it("comments and files are asked about as what they are on", async () => {
    const [page] = pages;
    await put({ pageId: "att1", title: "airship.pdf", chunks: ["airship airship"] });
    await fixture.database.sql`
      update confluence_pages set kind = 'attachment', file = '{}', container_id = ${page!.id} where page_id = 'att1'`;
    const { results } = await search({ query: "airship", match_count: 1 });
    expect(results).toMatchObject([{ kind: "attachment" }]);
    expect(asked).toEqual([`ann ${page?.id}`]);
  });

  it("pages with the same content, which are not asked about, are not named", async () => {
    const [first, second] = pages;
    for (const { id, title } of [first!, second!])
      await put({ pageId: id, title, version: 2, chunks: ["the very same words about airships"] });
    const [hit] = (await search({ query: "same words", match_count: 1 })).results;
    expect(hit).toMatchObject({ also_on: [], also_on_total: 0 });
  });

  it("no count, correction or explanation tells of what Confluence denies", async () => {
    for (const page of pages) restrict(page);
    const { body } = await fixture.api("POST", "/api/rag/query", {
      authorizer: { lambda: { name: "chat", scopes: ["search:on-behalf-of"] } },
      body: { query: "zeppelim", on_behalf_of: { account_id: "ann" }, match_count: 1, explain: true },
    });
    expect(body).toMatchObject({ results: [], total_found: 0, corrected_query: null });
    expect(body).not.toHaveProperty("explained");
  });

  it("who may search everything is not asked about", async () => {
    expect(await search({ on_behalf_of: undefined, visibility: "all" })).toMatchObject({
      titles: ["First", "Second", "Third"],
      undecided: 0,
    });
    expect(asked).toEqual([]);
  });
});

describe("the option verify", () => {
  it("verify live needs access per_user, when a source is added and when it is changed", async () => {
    const { api } = fixture;
    const path = `/api/confluence/${sourceId}`;
    const added = await api("POST", "/api/confluence/sources", {
      body: {
        base_url: "https://acme.atlassian.net",
        email: "sync@example.com",
        api_token: "demo-token",
        space_key: "DEMO",
        verify: "live",
      },
    });
    expect(added).toMatchObject({ status: 400, body: { error: { code: "invalid_request" } } });
    expect(added.text).toContain("needs access");
    expect(await api("PATCH", path, { body: { access: "unrestricted" } })).toMatchObject({
      status: 400,
      body: { error: { code: "invalid_request", message: expect.stringContaining('verify "stored"') } },
    });
    expect(await api("PATCH", path, { body: { access: "unrestricted", verify: "stored" } })).toMatchObject({
      status: 200,
      body: { access: { mode: "unrestricted", verify: "stored" } },
    });
    expect(await api("PATCH", path, { body: { verify: "live" } })).toMatchObject({ status: 400 });
    expect(await api("PATCH", path, { body: { access: "per_user", verify: "live" } })).toMatchObject({
      status: 200,
      body: { access: { mode: "per_user", verify: "live" } },
    });
  });
});
