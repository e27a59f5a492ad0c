import { describe, expect, it } from "vitest";
import { addFolder, addPage, editPage, labelPage } from "#infra/local/confluence-site/edits.ts";
import {
  archivePage,
  purgePage,
  restrictPage,
  trashPage,
} from "#infra/local/confluence-site/page-status-edits.ts";
import { fetchFrom } from "#infra/local/confluence-site/in-process-fetch.ts";
import { ACCOUNT_ID, type Site } from "#infra/local/confluence-site/site.ts";
import type { ListedPage } from "#shared/confluence/client.ts";
import type { Fetch } from "#shared/confluence/guarded-fetch.ts";
import {
  addPages,
  changing as changingFetch,
  clientOf,
  makeTestSite,
} from "#test/support/confluence-site.ts";

const SPACE = "98305";
const ALL = 'space = "DEMO" and type = page order by lastmodified asc';

/** A fetch that gives one answer to everything, as text. */
const answering = (body: string, headers: Record<string, string> = {}): Fetch => {
  return async () => ({
    status: 200,
    headers: { get: (name) => headers[name] ?? null },
    body: (async function* () {
      yield Buffer.from(body);
    })(),
  });
};

const changing = (site: Site, change: (text: string) => string) => changingFetch(fetchFrom(site), change);

describe("who and where", () => {
  it("the client returns the account, its zone, and the site's clock", async () => {
    const { site } = makeTestSite();
    const client = clientOf(site);
    expect(client.serverTime()).toBeNull();
    expect(await client.currentUser()).toEqual({
      accountId: ACCOUNT_ID,
      displayName: "Sync Account",
      timeZone: "Europe/Berlin",
    });
    expect(client.serverTime()).toEqual(new Date("2026-03-04T10:15:30Z"));
    expect(client.callsMade()).toBe(1);
  });

  it("the client treats an anonymous response as no account, and a hidden zone as unknown", async () => {
    const anonymous = makeTestSite({ settings: { answer_as_anonymous: true } });
    expect((await clientOf(anonymous.site).currentUser()).accountId).toBeNull();
    const hidden = makeTestSite({ settings: { time_zone_hidden: true } });
    expect((await clientOf(hidden.site).currentUser()).timeZone).toBeNull();
  });

  it.each(["{}", '{"statusCode":500,"message":"error"}', '{"type":"known","accountId":""}'])(
    "a response that names neither an account nor nobody says nothing about the credentials: %s",
    async (body) => {
      const asked = clientOf(makeTestSite().site, { fetch: answering(body) }).currentUser();
      await expect(asked).rejects.toMatchObject({ code: "invalid_answer" });
    },
  );

  it("the client finds a space by its key in any case, and returns null where the account sees none", async () => {
    const { site } = makeTestSite();
    const client = clientOf(site);
    expect(await client.space("demo")).toEqual({
      id: SPACE,
      key: "DEMO",
      name: "Demo",
      status: "current",
      homepageId: null,
    });
    expect(await client.space("OTHER")).toBeNull();
  });

  it("the client authenticates by Bearer without an e-mail", async () => {
    const { site } = makeTestSite({ settings: { bearer: "accept" } });
    expect((await clientOf(site, { email: null }).currentUser()).accountId).toBe(ACCOUNT_ID);
  });

  it("the client reaches the site through Atlassian's gateway", async () => {
    const { site, clock } = makeTestSite();
    addPages(site, clock, 30);
    site.settings.max_page_size = 20;
    const client = clientOf(site, {
      baseUrl: "https://api.atlassian.com/ex/confluence/1a2b-3c/wiki",
      allowedHosts: ["api.atlassian.com"],
    });
    const first = await client.listPages("page", SPACE, null);
    expect(first.pages[0]?.url).toBe("https://demo.atlassian.net/wiki/spaces/DEMO/pages/98306/Page+1");
    expect((await client.listPages("page", SPACE, first.next)).pages).toHaveLength(10);
  });
});

describe("listings", () => {
  async function follow(
    list: (cursor: string | null) => Promise<{ pages: ListedPage[]; next: string | null }>,
  ) {
    const pages: ListedPage[] = [];
    let calls = 0;
    for (let cursor: string | null = null, more = true; more; calls += 1) {
      const page = await list(cursor);
      pages.push(...page.pages);
      cursor = page.next;
      more = cursor !== null;
    }
    return { pages, calls };
  }

  it("v2 and search list the same pages, over several cursors", async () => {
    const { site, clock } = makeTestSite();
    const ids = addPages(site, clock, 60);
    site.settings.max_page_size = 25;
    const client = clientOf(site);
    const listed = await follow((cursor) => client.listPages("page", SPACE, cursor));
    const found = await follow((cursor) => client.searchContent(ALL, cursor, ["page"]));
    expect(listed.pages.map((page) => page.id)).toEqual(ids);
    expect(found.pages.map((page) => page.id)).toEqual(ids);
    expect([listed.calls, found.calls]).toEqual([3, 3]);
    expect(client.drift()).toMatchObject({ answers: 0, skipped: 0 });
  });

  it("a search hit has version, position, labels and address; a listing marks what it does not know", async () => {
    const { site } = makeTestSite();
    const folder = addFolder(site, { space: "DEMO", title: "Folder" });
    const page = addPage(site, {
      space: "DEMO",
      title: "A & B?",
      body: "<p/>",
      parentId: folder.id,
      labels: ["x"],
    });
    editPage(site, page.id, { body: "<p>2</p>" });
    const client = clientOf(site);
    const [hit] = (await client.searchContent(ALL, null, ["page"])).pages;
    expect(hit).toEqual({
      kind: "page",
      id: page.id,
      title: "A & B?",
      version: 2,
      status: "current",
      spaceId: SPACE,
      spaceKey: "DEMO",
      parentId: folder.id,
      parentType: "folder",
      subtype: null,
      labels: ["x"],
      url: `https://demo.atlassian.net/wiki/spaces/DEMO/pages/${page.id}/A+%26+B%3F`,
      modifiedAt: new Date("2026-03-04T10:15:30Z"),
      rights: null,
    });
    const [listed] = (await client.listPages("page", SPACE, null)).pages;
    expect(listed).toEqual({ ...hit, spaceKey: null, labels: null, subtype: "page" });
  });

  it("an empty listing page with a next link is not the end", async () => {
    const { site, clock } = makeTestSite();
    addPages(site, clock, 3);
    const fetch = changing(site, (text) =>
      text.replace(/"results":\[.*\],"_links"/, '"results":[],"_links"'),
    );
    site.settings.max_page_size = 2;
    const page = await clientOf(site, { fetch }).listPages("page", SPACE, null);
    expect(page.pages).toEqual([]);
    expect(page.next).not.toBeNull();
  });

  it.each(["foreign_next", "repeat_cursor"] as const)(
    "a listing with %s is an error, never the end",
    async (effect) => {
      const { site, clock } = makeTestSite({ settings: { max_page_size: 2 } });
      addPages(site, clock, 6);
      const client = clientOf(site);
      for (const list of [
        (cursor: string | null) => client.listPages("page", SPACE, cursor),
        (cursor: string | null) => client.searchContent(ALL, cursor, ["page"]),
      ]) {
        const { next } = await list(null);
        site.faults.push({ effect, skip: 0 });
        await expect(list(next)).rejects.toMatchObject({ code: "invalid_answer" });
      }
    },
  );

  it("a next link without a cursor is an error too", async () => {
    const { site, clock } = makeTestSite({ settings: { max_page_size: 2 } });
    addPages(site, clock, 6);
    const fetch = changing(site, (text) => text.replaceAll(/cursor=[^&"]*/g, "page=2"));
    await expect(clientOf(site, { fetch }).listPages("page", SPACE, null)).rejects.toThrow(/has no cursor/);
  });

  it("a failing listing is requested in smaller pages, down to 25", async () => {
    const { site, clock } = makeTestSite();
    addPages(site, clock, 300);
    site.faults.push({ effect: "status", status: 500, retry_after: null, times: 3, skip: 0 });
    const client = clientOf(site);
    const page = await client.listPages("page", SPACE, null);
    const limits = () => site.requests.map(({ query }) => new URLSearchParams(query).get("limit"));
    expect(limits()).toEqual(["250", "125", "62", "31"]);
    expect(page.pages).toHaveLength(31);
    expect((await client.listPages("page", SPACE, page.next)).pages[0]?.title).toBe("Page 32");
  });

  it("a listing that keeps failing ends with a transient error", async () => {
    const { site } = makeTestSite();
    site.faults.push({ effect: "status", status: 502, retry_after: null, times: 100, skip: 0 });
    await expect(clientOf(site).listPages("page", SPACE, null)).rejects.toMatchObject({
      name: "TransientError",
    });
    expect(site.requests).toHaveLength(7);
  });

  it("a search counts the pages of a space", async () => {
    const { site, clock } = makeTestSite();
    addPages(site, clock, 7);
    expect(await clientOf(site).countPages(ALL)).toBe(7);
  });
});

describe("pages by id", () => {
  it("pages by id have every status; missing or hidden ones are absent", async () => {
    const { site, clock } = makeTestSite();
    const [current = "", trashed = "", archived = "", deleted = "", purged = "", hidden = ""] = addPages(
      site,
      clock,
      6,
    );
    trashPage(site, trashed);
    archivePage(site, archived);
    purgePage(site, deleted, { leavesRecord: true });
    purgePage(site, purged, { leavesRecord: false });
    restrictPage(site, hidden, "nobody");
    const ids = [current, trashed, archived, deleted, purged, hidden, "4711"];
    const pages = await clientOf(site).pagesById("page", ids, { body: null });
    expect(pages.map(({ id, status, body }) => [id, status, body])).toEqual([
      [current, "current", null],
      [trashed, "trashed", null],
      [archived, "archived", null],
      [deleted, "deleted", null],
    ]);
  });

  it("pages by id take one call for 100 bodies and for 250 without", async () => {
    const { site, clock } = makeTestSite();
    const ids = addPages(site, clock, 250);
    const client = clientOf(site);
    expect(await client.pagesById("page", ids, { body: null })).toHaveLength(250);
    expect(client.callsMade()).toBe(1);
    const pages = await client.pagesById("page", ids, { body: "storage" });
    expect(client.callsMade()).toBe(4);
    expect(pages[249]?.body).toEqual({ format: "storage", value: "<p>Text 250</p>" });
  });

  it("pages by id are followed over cursors when the site returns fewer at a time", async () => {
    const { site, clock } = makeTestSite({ settings: { max_page_size: 40 } });
    const ids = addPages(site, clock, 100);
    expect(await clientOf(site).pagesById("page", ids, { body: null })).toHaveLength(100);
  });

  it("pages by id are an error when Confluence returns a cursor twice", async () => {
    const { site, clock } = makeTestSite({ settings: { max_page_size: 2 } });
    const ids = addPages(site, clock, 6);
    let calls = 0;
    const fetch = changing(site, (text) => {
      calls += 1;
      return text.replaceAll(/cursor=[^&"]*/g, calls % 2 === 0 ? "cursor=a" : "cursor=b");
    });
    const circle: Fetch = (url, init) => fetch(url.replace(/cursor=[ab]\b/, ""), init);
    await expect(clientOf(site, { fetch: circle }).pagesById("page", ids, { body: null })).rejects.toThrow(
      /Pagination loop/,
    );
    expect(calls).toBe(3);
  });

  it("no ids cause no request", async () => {
    const client = clientOf(makeTestSite().site);
    expect(await client.pagesById("page", [], { body: "storage" })).toEqual([]);
    expect(client.callsMade()).toBe(0);
  });

  it.each(["1/../2", "abc", "", "1,2"])("an id is digits only: %j is not requested", async (id) => {
    const { site, clock } = makeTestSite();
    const [good = ""] = addPages(site, clock, 1);
    const client = clientOf(site);
    expect((await client.pagesById("page", [id, good], { body: null })).map((page) => page.id)).toEqual([
      good,
    ]);
    expect(site.requests.map(({ query }) => new URLSearchParams(query).get("id"))).toEqual([good]);
    await expect(client.renderedPage("page", id)).rejects.toMatchObject({ code: "invalid_id" });
  });

  it("an id of 64 bits stays exact", async () => {
    const { site } = makeTestSite();
    site.lastId = 9_007_199_254_740_993n;
    const page = addPage(site, { space: "DEMO", title: "Large", body: "<p/>" });
    expect((await clientOf(site).pagesById("page", [page.id], { body: null }))[0]?.id).toBe(
      "9007199254740994",
    );
  });

  it("a body of exactly 20 MB is returned", async () => {
    const { site, clock } = makeTestSite();
    const [id = ""] = addPages(site, clock, 1);
    editPage(site, id, { body: "a".repeat(20 * 2 ** 20) });
    const [page] = await clientOf(site).pagesById("page", [id], { body: "storage" });
    expect([page?.body?.value.length, page?.bodyTooLarge ?? false]).toEqual([20 * 2 ** 20, false]);
  });

  it("a body larger than 20 MB is left out and reported as too large", async () => {
    const { site, clock } = makeTestSite();
    const ids = addPages(site, clock, 2);
    const [large = ""] = ids;
    editPage(site, large, { body: "ä".repeat(10.5 * 2 ** 20) });
    const pages = await clientOf(site).pagesById("page", ids, { body: "storage" });
    expect(pages.map((page) => [page.body?.value ?? null, page.bodyTooLarge ?? false])).toEqual([
      [null, true],
      ["<p>Text 2</p>", false],
    ]);
    await expect(clientOf(site).renderedPage("page", large)).rejects.toMatchObject({
      code: "body_too_large",
    });
  });

  it("a response too large to read is requested in halves; a page too large alone arrives without its body", async () => {
    const { site, clock } = makeTestSite();
    const ids = addPages(site, clock, 5);
    const last = ids.at(-1) ?? "";
    for (const id of ids) editPage(site, id, { body: "x".repeat(id === last ? 70_000 : 20_000) });
    const client = clientOf(site, { maxResponseBytes: 64_000 });
    const pages = await client.pagesById("page", ids, { body: "storage" });
    expect(pages.map((page) => page.body?.value.length ?? null)).toEqual([
      20_000,
      20_000,
      20_000,
      20_000,
      null,
    ]);
    expect(pages.map((page) => page.bodyTooLarge ?? false)).toEqual([false, false, false, false, true]);
    await expect(client.renderedPage("page", last)).rejects.toMatchObject({ code: "body_too_large" });
  });
});

it("bodies are requested when the loop asks for them, so that those of large pages are not all in memory", async () => {
  const { site, clock } = makeTestSite();
  const ids = addPages(site, clock, 8);
  for (const id of ids) editPage(site, id, { body: "x".repeat(20_000) });
  const requested = () => site.requests.length;
  const before = requested();
  const parts: [pages: number, requests: number][] = [];
  for await (const pages of clientOf(site, { maxResponseBytes: 50_000 }).bodiesById("page", ids))
    parts.push([pages.length, requested() - before]);
  // Too large: all 8, and 4 of them twice.
  expect(parts).toEqual([
    [2, 3],
    [2, 4],
    [2, 6],
    [2, 7],
  ]);
});

describe("single pages, labels, people", () => {
  it("a rendered page has its includes filled in", async () => {
    const { site } = makeTestSite();
    addPage(site, { space: "DEMO", title: "Shared", body: "<p>From elsewhere</p>" });
    const page = addPage(site, {
      space: "DEMO",
      title: "Page",
      body: '<ac:structured-macro ac:name="include"><ac:parameter ac:name=""><ac:link><ri:page ri:content-title="Shared" /></ac:link></ac:parameter></ac:structured-macro>',
    });
    const { body } = await clientOf(site).renderedPage("page", page.id);
    expect(body).toEqual({ format: "export_view", value: "<p>From elsewhere</p>" });
    await expect(clientOf(site).renderedPage("page", "4711")).rejects.toMatchObject({ code: "not_found" });
  });

  it("the client lists labels of a space, and the pages that have one", async () => {
    const { site, clock } = makeTestSite({ settings: { max_page_size: 2 } });
    const ids = addPages(site, clock, 3);
    for (const id of ids) labelPage(site, id, { add: ["guide"] });
    const client = clientOf(site);
    const { labels } = await client.spaceLabels(SPACE, null);
    expect(labels.map(({ name }) => name)).toEqual(["guide"]);
    const first = await client.labelledPageIds("page", labels[0]?.id ?? "", SPACE, null);
    const second = await client.labelledPageIds("page", labels[0]?.id ?? "", SPACE, first.next);
    expect([...first.ids, ...second.ids]).toEqual(ids);
    expect(second.next).toBeNull();
  });

  it("names of people are requested in groups of 250, each once; unknown ones are absent", async () => {
    const { site } = makeTestSite();
    for (let n = 0; n < 300; n += 1) site.people.set(`p${n}`, `Person ${n}`);
    const client = clientOf(site);
    const names = await client.userNames([...site.people.keys(), "p1", "nobody"]);
    expect(names.size).toBe(301);
    expect(names.get("p7")).toBe("Person 7");
    expect(client.callsMade()).toBe(2);
  });
});

describe("answers that differ from the description", () => {
  it("an unknown status, a new field, a missing optional one stop nothing and are counted where the library refuses them", async () => {
    const { site, clock } = makeTestSite();
    addPages(site, clock, 1);
    const fetch = changing(site, (text) =>
      text
        .replace('"status":"current"', '"status":"frozen","novelty":{"a":1}')
        .replace(',"minorEdit":false', ""),
    );
    const client = clientOf(site, { fetch });
    expect((await client.listPages("page", SPACE, null)).pages[0]?.status).toBe("frozen");
    expect(client.drift()).toMatchObject({ answers: 0, skipped: 0 });
    expect((await client.searchContent(ALL, null, ["page"])).pages[0]?.status).toBe("frozen");
    expect(client.drift()).toEqual({
      answers: 1,
      skipped: 0,
      example: expect.stringMatching(/^\/wiki\/rest\/api\/content\/search: /),
    });
  });

  it.each(['"id":', '"title":', '"number":'])(
    "a response without %s in any item is invalid",
    async (field) => {
      const { site, clock } = makeTestSite();
      addPages(site, clock, 2);
      const fetch = changing(site, (text) => text.replaceAll(field, '"other":'));
      await expect(clientOf(site, { fetch }).listPages("page", SPACE, null)).rejects.toMatchObject({
        name: "PermanentError",
        code: "invalid_answer",
      });
    },
  );

  it.each([
    ["with an id that is none", '"id":"98307"', '"id":"1 or 1=1"', null],
    ["whose title is null", '"title":"Page 2"', '"title":null', "98307"],
    ["whose title is a number", '"title":"Page 2"', '"title":2', "98307"],
  ])(
    "an invalid item %s stops no other, is counted, and keeps its id where it has one",
    async (_, find, put, id) => {
      const { site, clock } = makeTestSite();
      const ids = addPages(site, clock, 3);
      const client = clientOf(site, { fetch: changing(site, (text) => text.replaceAll(find, put)) });
      for (const [calls, list] of [
        async () => (await client.listPages("page", SPACE, null)).pages,
        async () => (await client.searchContent(ALL, null, ["page"])).pages,
        async () => client.pagesById("page", ids, { body: "storage" }),
      ].entries()) {
        const pages = await list();
        const current = pages.filter((page) => page.status === "current");
        expect(current.map((page) => page.title)).toEqual(["Page 1", "Page 3"]);
        expect(pages.filter((page) => page.status !== "current").map((page) => page.id)).toEqual(
          id ? [id] : [],
        );
        expect(client.drift().skipped).toBe(calls + 1);
      }
      expect(client.drift().example).toMatch(/(id|title): /);
    },
  );

  it("a page that was not requested is left out and counted", async () => {
    const { site, clock } = makeTestSite();
    const ids = addPages(site, clock, 2);
    const fetch = changing(site, (text) => text.replaceAll('"id":"98307"', '"id":"4711"'));
    const client = clientOf(site, { fetch });
    const pages = await client.pagesById("page", ids, { body: null });
    expect(pages.map((page) => page.title)).toEqual(["Page 1"]);
    expect(client.drift()).toEqual({ answers: 0, skipped: 1, example: "page 4711 was not requested" });
  });

  it.each([
    ["U+0000", "a\\u0000b", "ab"],
    ["half a surrogate pair", "Led\\ud83dger", "Led\ufffdger"],
    ["100,000 letters", "x".repeat(100_000), "x".repeat(255)],
    ["a pair within it", "a\\ud83d\\udcd8b", "a\u{1f4d8}b"],
    [
      "a pair that ends at the 255th character",
      `${"x".repeat(253)}\\ud83d\\udcd8y`,
      `${"x".repeat(253)}\u{1f4d8}`,
    ],
    ["a pair at the 255th character", `${"x".repeat(254)}\\ud83d\\udcd8`, "x".repeat(254)],
  ])("a title with %s is changed to what the database accepts", async (_, raw, read) => {
    const { site, clock } = makeTestSite();
    addPages(site, clock, 1);
    const client = clientOf(site, { fetch: changing(site, (text) => text.replaceAll("Page 1", raw)) });
    expect((await client.listPages("page", SPACE, null)).pages[0]?.title).toBe(read);
    expect((await client.searchContent(ALL, null, ["page"])).pages[0]?.title).toBe(read);
    expect((await client.pagesById("page", ["98306"], { body: "storage" }))[0]?.title).toBe(read);
  });

  it("names of labels, spaces and people are changed to what the database accepts", async () => {
    const { site, clock } = makeTestSite();
    const [id = ""] = addPages(site, clock, 1);
    labelPage(site, id, { add: ["guide"] });
    site.people.set("p1", "guide");
    const fetch = changing(site, (text) => text.replaceAll(/"(?:guide|Demo)"/g, '"a\\u0000b\\udfffc"'));
    const client = clientOf(site, { fetch });
    expect((await client.spaceLabels(SPACE, null)).labels[0]?.name).toBe("ab\ufffdc");
    expect((await client.searchContent(ALL, null, ["page"])).pages[0]?.labels).toEqual(["ab\ufffdc"]);
    expect((await client.space("DEMO"))?.name).toBe("ab\ufffdc");
    expect((await client.userNames(["p1"])).get("p1")).toBe("ab\ufffdc");
  });

  it.each(["", "<!doctype html>", "null", "[]", '{"results":{}}', "{}"])(
    "%j is no listing, and not the end of one",
    async (body) => {
      const client = clientOf(makeTestSite().site, { fetch: answering(body) });
      await expect(client.listPages("page", SPACE, null)).rejects.toMatchObject({ code: "invalid_answer" });
      await expect(client.space("DEMO")).rejects.toMatchObject({ code: "invalid_answer" });
    },
  );
});
