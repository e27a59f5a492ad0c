import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { transaction } from "#shared/db/connect.ts";
import { hidePages } from "#shared/documents/delete-pages.ts";
import { searchDocuments, type SearchRequest } from "#shared/documents/search.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { stopAutovacuum } from "#test/support/stop-autovacuum.ts";
import { addSource, NOW, store, type TestPage } from "#test/support/stored-pages.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const embedder = fakeEmbedder({ dimensions: 256 });
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await stopAutovacuum(database.sql, ["archon_crawled_pages"]);
});
beforeEach(async () => {
  await database.clear();
  await addSource(database.sql, embedder, { sourceId: "docs" });
});
afterAll(() => database.close());

const put = (page: TestPage, options = {}) => store(database.sql, embedder, page, options);

async function search(query: string, request: Partial<SearchRequest> = {}) {
  const [vector = []] = await embedder.embed([query]);
  return searchDocuments(database.sql, {
    query,
    embedding: { model: embedder.model, vector },
    matchCount: 10,
    returnMode: "chunks",
    readable: null,
    ...request,
  });
}

const found = async (query: string, request: Partial<SearchRequest> = {}) =>
  (await search(query, request)).hits.map((hit) => hit.pageId);
const byWords = (query: string, request: Partial<SearchRequest> = {}) =>
  found(query, { embedding: null, ...request });

describe("search by words", () => {
  beforeEach(async () => {
    await put({
      pageId: "pool",
      title: "Pool sizing",
      chunks: ["Raise ERR_CONN_42 when the pool of connections is empty."],
    });
    await put({
      pageId: "retry",
      title: "Retries",
      chunks: ["Call foo.bar() again after a timeout. See JENKINS-1234."],
    });
    await put({
      pageId: "night",
      title: "On call",
      chunks: ["Who answers the phone at night, and what the pager says."],
    });
    await put({
      pageId: "words",
      title: "Glossary",
      chunks: ["A connection is an open socket. Bar: where drinks are. Err on the safe side. The number 42."],
    });
  });

  it.each([
    { name: "an error code", query: "what does ERR_CONN_42 mean", page: "pool" },
    { name: "a dotted call", query: "foo.bar()", page: "retry" },
    { name: "an issue key", query: "JENKINS-1234", page: "retry" },
    { name: "a title", query: "Pool sizing", page: "pool" },
    { name: "a quoted phrase", query: 'how about "pager says" please', page: "night" },
    {
      name: "a long question of which some words match",
      query: "could somebody please explain to me in detail who it is that answers phones",
      page: "night",
    },
  ])("search by words finds $name first", async ({ query, page }) => {
    expect((await byWords(query))[0]).toBe(page);
    expect((await found(query))[0]).toBe(page);
  });

  it("a page that has all words ranks above one that has some", async () => {
    await put({ pageId: "all", chunks: ["The blue widget needs grease."] });
    await put({ pageId: "some", chunks: ["The blue sky, and blue again, blue as ever."] });
    expect(await byWords("blue widget")).toEqual(["all", "some"]);
  });

  it("a chunk with the query's name ranks above one with all its other words", async () => {
    await put({
      pageId: "others",
      chunks: [
        "The timeout of a walrus with a lantern, and a zep, a lin and 9 of them: lantern timeout, walrus timeout.",
      ],
    });
    await put({ pageId: "named", chunks: ["ZEP_LIN_9 is nothing to worry about."] });
    expect((await byWords("walrus lantern timeout ZEP_LIN_9"))[0]).toBe("named");
    await put({ pageId: "title", title: "Living with ZEP_LIN_9", chunks: ["Drink tea."] });
    expect((await byWords("ZEP_LIN_9")).slice(0, 2)).toEqual(["title", "named"]);
  });

  it("a page is found by its whole title, even if it consists of stop words", async () => {
    // More than a search takes from its vectors.
    for (let page = 0; page < 61; page += 1)
      await put({ pageId: `near${page}`, title: "Us", chunks: ["who we are and what we do"] });
    await put({ pageId: "titled", title: "Who we are", chunks: ["Founded in a shed."] });
    const [vector = []] = await embedder.embed(["Us\n\nwho we are and what we do"]);
    expect(await byWords("who we are")).toEqual(["titled"]);
    expect((await found("Who we are", { embedding: { model: embedder.model, vector } }))[0]).toBe("titled");
  });

  it("a quoted phrase ranks above its words in another order, repeatedly", async () => {
    await put({
      pageId: "phrase",
      chunks: ["Somewhere in a long text about other things a blue widget was mentioned once."],
    });
    await put({
      pageId: "others",
      chunks: ["A widget so blue. Is the widget blue? So blue is the widget, a widget of blue."],
    });
    expect(await byWords('"blue widget"')).toEqual(["phrase", "others"]);
    expect((await byWords("blue widget colours")).length).toBe(2);
  });

  it("words in a title or heading rank above words in content", async () => {
    await put({ pageId: "content", chunks: ["Some remarks on zeppelins among other things."] });
    await put({
      pageId: "heading",
      chunks: [{ content: "Some remarks on this.", headingPath: ["Zeppelins"] }],
    });
    await put({ pageId: "title", title: "About zeppelins", chunks: ["Some remarks on that."] });
    expect(await byWords("zeppelins")).toEqual(["title", "heading", "content"]);
  });

  it("search returns nothing for words that no page contains", async () => {
    expect(await search("xylophone quokka", { embedding: null })).toEqual({
      hits: [],
      totalFound: 0,
      candidates: { atMost: 60, byVector: 0, byWords: 0, duplicates: 0 },
      searchMode: "keyword",
      sourcesSearched: 1,
      byWordsAlone: { sources: 0, models: [] },
    });
    expect(await byWords("")).toEqual([]);
    expect(await byWords("the of and")).toEqual([]);
  });

  it.each([
    "it's",
    "a\\b ' or 1=1 --",
    "((",
    "!& | <->",
    ":*",
    "\u0000nul",
    "x".repeat(5000),
    "'\\''",
    "名前 日本",
    "😀",
  ])("search accepts any text as a query: %j", async (query) => {
    await expect(search(query)).resolves.toHaveProperty("hits");
  });
});

describe("among more chunks with the same words than are ranked", () => {
  beforeEach(async () => {
    await put({ pageId: "first", chunks: ["a walrus gearbox"] });
    await database.sql`
      insert into archon_crawled_pages (source_id, page_id, url, chunk_number, content, input_hash, search_vector, created_at)
      select 'docs', 'first', '', n, content, n::text, chunk_search_vector('english', 'First', '{}', content, '{}', ''), ${NOW}
      from generate_series(1, 6000) n, lateral (select 'gearbox of zeppelin ' || n as content) c`;
    await put({ pageId: "titled", title: "Zeppelin", chunks: ["What carries it."] });
    await put({ pageId: "quoted", chunks: ["The zeppelin gearbox is oiled on Mondays."] });
    await database.sql`analyze archon_crawled_pages`;
  });

  it("among many chunks with the same words, the page with one of them as title is found", async () => {
    expect((await byWords("Zeppelin"))[0]).toBe("titled");
    expect((await byWords(" zeppelin "))[0]).toBe("titled");
  });

  it("among many chunks with the same words, a rare word is found, however many chunks and other words there are", async () => {
    await put({ pageId: "rare", chunks: ["Gromphadorhina portentosa hisses."] });
    // As if these were a sample of a hundred million.
    await database.sql`update pg_class set reltuples = 1e8 where oid = 'archon_crawled_pages'::regclass`;
    expect(await byWords("zeppelin gromphadorhina for gearbox number 17")).toContain("rare");
  });

  it("among many chunks with the same words, a quoted phrase of them is found, also beside a rare word", async () => {
    expect((await byWords('"zeppelin gearbox"'))[0]).toBe("quoted");
    expect((await byWords('walrus "zeppelin gearbox"'))[0]).toBe("quoted");
  });

  it("among many chunks with half of a query's words, one with more of them is found, whichever it lacks", async () => {
    await database.sql`
      insert into archon_crawled_pages (source_id, page_id, url, chunk_number, content, input_hash, search_vector, created_at)
      select 'docs', 'first', '', n, content, n::text, chunk_search_vector('english', 'First', '{}', content, '{}', ''), ${NOW}
      from generate_series(6001, 12000) n,
        lateral (select case when n % 2 = 0 then 'amber with basil ' else 'cedar with dill ' end || n as content) c`;
    const words = ["amber", "basil", "cedar", "dill"];
    for (const lacking of words)
      await put({ pageId: lacking, chunks: [words.filter((word) => word !== lacking).join(" ")] });
    await database.sql`analyze archon_crawled_pages`;
    expect((await byWords("amber basil cedar dill")).slice(0, 4).sort()).toEqual(words);
  });
});

describe("search by vector and words", () => {
  it("a hybrid search returns what only the vector, and what only a word found", async () => {
    await put({ pageId: "word", chunks: ["Gromphadorhina portentosa hisses."] });
    await put({ pageId: "vector", chunks: ["entirely unrelated"] });
    const [vector = []] = await embedder.embed(["Page vector\n\nentirely unrelated"]);
    const { hits, searchMode } = await search("gromphadorhina", {
      embedding: { model: embedder.model, vector },
    });
    expect(searchMode).toBe("hybrid");
    expect(new Set(hits.map((hit) => hit.pageId))).toEqual(new Set(["word", "vector"]));
    expect(hits.find((hit) => hit.pageId === "vector")).toMatchObject({ matchType: "vector" });
    const [only] = (await search("gromphadorhina", { embedding: null })).hits;
    expect(only).toMatchObject({ pageId: "word", matchType: "keyword", similarity: null });
  });

  it("hits by vector rank by nearness, and a rare word of the query outweighs some of it", async () => {
    await put({ pageId: "far", chunks: ["quokka"] });
    await put({ pageId: "near", chunks: ["walrus lantern"] });
    await put({ pageId: "word", chunks: ["walrus lantern, where a gromphadorhina hisses"] });
    const [vector = []] = await embedder.embed(["Page near\n\nwalrus lantern"]);
    const ask = (query: string) => found(query, { embedding: { model: embedder.model, vector } });
    expect(await ask("xylophone")).toEqual(["near", "word", "far"]);
    expect(await ask("where a gromphadorhina hisses")).toEqual(["word", "near", "far"]);
  });

  it("a page with most of the query's words ranks above one that has few and is nearer", async () => {
    await put({ pageId: "near", title: "Near", chunks: ["walrus and what belongs to it"] });
    await put({
      pageId: "words",
      title: "Words",
      chunks: ["zeppelin walrus gearbox lantern, otherwise unrelated"],
    });
    const [vector = []] = await embedder.embed([
      "Near\n\nwalrus and what belongs to it, also words of zeppelin, lantern, otherwise unrelated",
    ]);
    const { hits } = await search("quokka zeppelin walrus gearbox lantern", {
      embedding: { model: embedder.model, vector },
    });
    expect(hits[1]?.similarity).toBeGreaterThan(hits[0]?.similarity ?? 1);
    expect(hits.map((hit) => [hit.pageId, hit.matchType])).toEqual([
      ["words", "hybrid"],
      ["near", "hybrid"],
    ]);
  });

  it("search never compares vectors of a model that the source has left", async () => {
    const other = fakeEmbedder({ model: "other", dimensions: 256 });
    await addSource(database.sql, other, { sourceId: "elsewhere" });
    await put({ pageId: "1", chunks: ["text of this source"] });
    await store(database.sql, other, { pageId: "2", sourceId: "elsewhere", chunks: ["text of that source"] });
    const [vector = []] = await embedder.embed(["text"]);
    const mine = await search("text", {
      embedding: { model: embedder.model, vector },
      sources: ["docs"],
      retrievers: "vector",
    });
    expect(mine.hits.map((hit) => hit.pageId)).toEqual(["1"]);
    const both = await search("text", {
      embedding: [
        { model: embedder.model, vector },
        { model: "other", vector: (await other.embed(["text"]))[0] ?? [] },
      ],
      retrievers: "vector",
    });
    expect(both.hits.map((hit) => hit.pageId).sort()).toEqual(["1", "2"]);
  });

  it("search says which sources it searched by words alone, because the query was not embedded with their model", async () => {
    const unasked = fakeEmbedder({ model: "unasked" });
    await addSource(database.sql, unasked, { sourceId: "elsewhere" });
    await put({ pageId: "1", chunks: ["text"] });
    await store(database.sql, unasked, { pageId: "2", sourceId: "elsewhere", chunks: ["another text"] });
    const both = await search("text");
    expect(both).toMatchObject({
      searchMode: "hybrid",
      sourcesSearched: 2,
      byWordsAlone: { sources: 1, models: ["unasked"] },
    });
    expect(both.hits.map(({ pageId, matchType }) => [pageId, matchType])).toEqual([
      ["1", "hybrid"],
      ["2", "keyword"],
    ]);
    expect(await search("text", { sources: ["elsewhere"] })).toMatchObject({
      searchMode: "keyword",
      byWordsAlone: { sources: 1, models: ["unasked"] },
    });
    expect(await search("text", { sources: ["docs"] })).toMatchObject({
      searchMode: "hybrid",
      byWordsAlone: { sources: 0, models: [] },
    });
  });

  it("search fails, instead of returning nothing, when a vector has the wrong dimension", async () => {
    await put({ pageId: "1", chunks: ["text"] });
    const embedding = { model: embedder.model, vector: [1, 2, 3] };
    await expect(search("text", { embedding })).rejects.toThrow(/dimensions/);
  });

  it("search reads each source in its own language", async () => {
    await addSource(database.sql, embedder, { sourceId: "plain", language: "simple" });
    await addSource(database.sql, embedder, { sourceId: "deutsch", language: "german" });
    await put({ pageId: "en", chunks: ["We were deploying services."] });
    await put(
      { pageId: "plain", sourceId: "plain", chunks: ["They were deploying services."] },
      { language: "simple" },
    );
    await put(
      { pageId: "de", sourceId: "deutsch", chunks: ["Die Häuser wurden gebaut."] },
      { language: "german" },
    );
    expect(await byWords("deploy")).toEqual(["en"]);
    expect(await byWords("Haus")).toEqual(["de"]);
    expect((await byWords("deploying")).sort()).toEqual(["en", "plain"]);
  });
});

describe("what search leaves out", () => {
  it.each([
    ["hidden pages", "update confluence_pages set missing_since = now()"],
    ["deleted pages", "update confluence_pages set is_deleted = true"],
    ["sources being deleted", "update archon_sources set status = 'deleting'"],
  ])("search never finds %s", async (_, statement) => {
    await put({ pageId: "1", chunks: ["findable text"] });
    expect(await found("findable text")).toEqual(["1"]);
    await database.sql.unsafe(statement);
    expect(await found("findable text")).toEqual([]);
    expect(await byWords("findable text")).toEqual([]);
  });

  it("hidden ancestors are not in a breadcrumb", async () => {
    await put({ pageId: "top", title: "Top", chunks: [] });
    await put({ pageId: "secret", title: "Secret", parentId: "top", chunks: [] });
    await put({ pageId: "leaf", parentId: "secret", chunks: ["leaf text"] });
    const ancestors = async () => (await search("leaf text")).hits[0]?.ancestors.map((page) => page.title);
    expect(await ancestors()).toEqual(["Top", "Secret"]);
    await transaction(database.sql, (tx) =>
      hidePages(tx, {
        sourceId: "docs",
        pages: [{ pageId: "secret", reason: "x", expectedStateRevision: 1 }],
        now: NOW,
      }),
    );
    expect(await ancestors()).toEqual(["Top"]);
  });

  it("search skips marked chunks when the page has others, and only then", async () => {
    await put({ pageId: "1", chunks: ["first findable", "second findable"] });
    await put({ pageId: "2", chunks: ["third findable"] });
    const mark = (content: string) => database.sql`
      update archon_crawled_pages set metadata = '{"_pending_deletion": true}' where content like ${`${content}%`}`;
    await mark("first");
    const contents = async () =>
      (await search("findable")).hits.map((hit) => hit.content.split(" ")[0]).sort();
    expect(await contents()).toEqual(["second", "third"]);
    await mark("second");
    await mark("third");
    expect(await contents()).toEqual(["first", "second", "third"]);
  });
});

describe("filters", () => {
  beforeEach(async () => {
    await addSource(database.sql, embedder, { sourceId: "other", spaceKey: "OPS" });
    await put({
      pageId: "1",
      labels: ["howto", "db"],
      modifiedAt: new Date("2025-01-01"),
      chunks: ["shared words of the first"],
    });
    await put({
      pageId: "2",
      labels: ["howto"],
      modifiedAt: new Date("2026-01-01"),
      chunks: ["shared words of the second"],
    });
    await put({ pageId: "3", sourceId: "other", chunks: ["shared words of the third"], modifiedAt: null });
  });
  it.each([
    { filter: {}, pages: ["1", "2", "3"] },
    { filter: { sources: ["docs"] }, pages: ["1", "2"] },
    { filter: { sources: [] }, pages: [] },
    { filter: { spaces: ["OPS"] }, pages: ["3"] },
    { filter: { labels: ["db", "none"] }, pages: ["1"] },
    { filter: { updatedSince: new Date("2025-06-01") }, pages: ["2"] },
    { filter: { labels: ["howto"], sources: ["other"] }, pages: [] },
  ])("search filters by $filter", async ({ filter, pages }) => {
    expect((await found("shared words", filter)).sort()).toEqual(pages);
    expect((await byWords("shared words", filter)).sort()).toEqual(pages);
  });
});

describe("answers", () => {
  it("a hit has page, position, match type and breadcrumb, with the matches marked in safe HTML", async () => {
    await put({ pageId: "top", title: "Handbook", chunks: [] });
    await put({
      pageId: "1",
      title: "Deploys",
      parentId: "top",
      labels: ["ops"],
      chunks: [
        {
          content: "Use <b>kubectl rollout</b> & wait for `ERR_CONN_42`.",
          headingPath: ["Guide", "Rollback"],
        },
      ],
    });
    const { hits } = await search("rollout ERR_CONN_42");
    expect(hits[0]).toMatchObject({
      sourceId: "docs",
      pageId: "1",
      title: "Deploys",
      url: "https://site.example/wiki/spaces/DOCS/pages/1",
      ancestors: [{ page_id: "top", title: "Handbook" }],
      headingPath: ["Guide", "Rollback"],
      matchType: "hybrid",
      labels: ["ops"],
      modifiedAt: NOW,
      snippet: "kubectl <mark>rollout</mark>  &amp; wait for `<mark>ERR_CONN_42</mark>",
    });
    expect(hits[0]?.score).toBeGreaterThan(0);
    expect(hits[0]?.score).toBeLessThanOrEqual(1);
  });

  it("snippets mark the pieces of a name where a page has only these, and a name as one", async () => {
    await put({ pageId: "1", chunks: ["What the user of retryLater() sees: later, perhaps."] });
    const snippet = async (query: string) => (await search(query)).hits[0]?.snippet;
    expect(await snippet("retryLater")).toContain("<mark>retryLater</mark>");
    expect(await snippet("somebodyLater.user")).toContain("<mark>user</mark>");
  });

  it("breadcrumbs end with parents that form a circle", async () => {
    await put({ pageId: "a", title: "A", parentId: "b", chunks: ["circle text"] });
    await put({ pageId: "b", title: "B", parentId: "a", chunks: [] });
    expect((await search("circle text")).hits[0]?.ancestors).toEqual([{ page_id: "b", title: "B" }]);
  });

  it("page mode shows a page by its best chunks, in their order of rank", async () => {
    const times = [1, 3, 6, 2, 5, 4];
    await put({ pageId: "1", chunks: times.map((count) => `${"walrus ".repeat(count)}among other animals`) });
    const count = (chunk?: { content: string }) => chunk?.content.match(/walrus/g)?.length;
    const [page] = (await search("walrus", { embedding: null, returnMode: "pages" })).hits;
    expect([count(page), ...(page?.furtherChunks ?? []).map(count)]).toEqual([6, 5, 4, 3, 2]);
    const scores = [page, ...(page?.furtherChunks ?? [])].map((chunk) => chunk?.score ?? 0);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    const { hits } = await search("walrus", { embedding: null });
    expect(hits.map(count)).toEqual([6, 5, 4, 3, 2, 1]);
  });

  it("page mode groups a page's chunks, best page first", async () => {
    await put({ pageId: "many", title: "Walrus", chunks: ["walrus one", "walrus two", "walrus three"] });
    await put({ pageId: "one", chunks: ["a walrus somewhere"] });
    const { hits, totalFound } = await search("walrus", { returnMode: "pages" });
    expect(hits.map((hit) => [hit.pageId, hit.furtherChunks.length])).toEqual([
      ["many", 2],
      ["one", 0],
    ]);
    expect(totalFound).toBe(2);
    expect((await search("walrus", { returnMode: "pages", matchCount: 1 })).totalFound).toBe(2);
  });
});
