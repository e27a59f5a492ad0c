import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { makeApiFixture, type ApiFixture } from "#test/support/api-fixture.ts";
import { stopAutovacuum } from "#test/support/stop-autovacuum.ts";
import { addSource, store } from "#test/support/stored-pages.ts";

let fixture: ApiFixture;
beforeAll(async () => {
  fixture = await makeApiFixture();
  // Statistics are another source of corrections; only the last test has them.
  await stopAutovacuum(fixture.database.sql, ["archon_crawled_pages"]);
});
beforeEach(async () => {
  await fixture.reset();
  await addSource(fixture.database.sql, fixture.embedder, { sourceId: "docs" });
  await put("1", "Clusters", "Deployments run on Kubernetes in three regions");
  await put("2", "Vault", "Secrets are kept in the vault");
  await put("3", "Themes", "Themes are chosen by the teams themselves");
});
afterAll(() => fixture.close());

const put = (pageId: string, title: string, content: string, sourceId = "docs") =>
  store(fixture.database.sql, fixture.embedder, { sourceId, pageId, title, chunks: [content] });

type Answer = {
  query: string;
  corrected_query: string | null;
  results: { page_id: string; match_type: string; snippet: string }[];
};

async function search(query: string, options: object = {}): Promise<Answer> {
  const { status, body } = await fixture.api("POST", "/api/rag/query", { body: { query, ...options } });
  expect(status).toBe(200);
  return body as Answer;
}

it("a search for a misspelled word finds what the nearest word finds, and says so", async () => {
  const answer = await search("kuberntes");
  expect(answer).toMatchObject({ query: "kuberntes", corrected_query: "Kubernetes" });
  expect(answer.results[0]).toMatchObject({
    page_id: "1",
    match_type: "hybrid",
    snippet: expect.stringContaining("<mark>Kubernetes</mark>"),
  });
  expect(answer.results).toEqual((await search("Kubernetes")).results);
});

it.each([
  ["Deploymnts on kuberntes?", "Deployments on Kubernetes?"],
  ["kuberntes zzyzxing", "Kubernetes zzyzxing"],
  ["KUBERNTES", "Kubernetes"],
  ["cubernetes", "Kubernetes"],
  ["ukbernetes", "Kubernetes"],
  ["kbuernetes", "Kubernetes"],
  ["cubernetes depolyments", "Kubernetes Deployments"],
  ["beployments", "Deployments"],
])("each misspelled word of %j that has a near one is corrected: %j", async (query, corrected) => {
  expect((await search(query)).corrected_query).toBe(corrected);
});

it.each([
  ["with a word that a chunk contains", "kuberntes vault"],
  ["with another form of such a word", "kuberntes deploying"],
  ["without a misspelled word", "Kubernetes"],
  ["far from all words", "photosynthesis"],
  ["of stop words", "which of them"],
  ["near to a stop word", "themselvs"],
  ["that only begins as a word", "vaultkeeper"],
  ["of a name with a digit", "kuberntes err_conn_42"],
  ["with a phrase", '"kuberntes"'],
  ["in another script", "怎么重启服务器"],
  ["of very many words", "kuberntes aaaaa bbbbb ccccc ddddd eeeee fffff ggggg hhhhh"],
])("a query %s is never corrected (%s)", async (_, query) => {
  expect((await search(query)).corrected_query).toBeNull();
});

it.each([
  ["with the fewest errors", "restroe", "Restore the rest of it", "Restore"],
  ["with the fewest errors, wherever it stands", "restroe", "The rest is to restore", "restore"],
  ["with as few errors and more in common", "gardenx", "The gardens behind the garden", "garden"],
  ["that stands first, if they are as near", "xeller", "The seller paid the teller", "seller"],
])("of several near words the one %s is meant: %s", async (_, query, content, corrected) => {
  await put("4", "Several", content);
  expect((await search(query)).corrected_query).toBe(corrected);
});

it("a query is corrected only to words of pages that this search may show", async () => {
  const { sql } = fixture.database;
  await addSource(sql, fixture.embedder, { sourceId: "other" });
  await put("9", "Observability", "Grafana shows dashboards", "other");
  expect((await search("grafanna")).corrected_query).toBe("Grafana");
  expect((await search("grafanna", { source: "other" })).corrected_query).toBe("Grafana");
  expect((await search("grafanna", { source: "docs" })).corrected_query).toBeNull();
  expect((await search("grafanna kuberntes", { source: "docs" })).corrected_query).toBe(
    "grafanna Kubernetes",
  );
  await sql`update confluence_pages set labels = '{ops}' where page_id = '1'`;
  expect((await search("grafanna kuberntes", { labels: ["ops"] })).corrected_query).toBe(
    "grafanna Kubernetes",
  );
  await sql`update confluence_pages set is_deleted = true where page_id = '9'`;
  expect((await search("grafanna kuberntes")).corrected_query).toBe("grafanna Kubernetes");
});

it("a query with a word of chunks that this search may not show is not corrected either", async () => {
  await addSource(fixture.database.sql, fixture.embedder, { sourceId: "other" });
  await put("9", "Observability", "Grafana shows dashboards", "other");
  expect((await search("kuberntes grafana", { source: "docs" })).corrected_query).toBeNull();
});

it("of two near words the one with fewer errors is taken, however short the other is", async () => {
  await put("8", "Backups", "Restore a backup, or have a rest");
  expect((await search("restroe")).corrected_query).toBe("Restore");
});

it.each(["Text before a test", "A test before text"])(
  "of two words with as many errors the one that looks more like the typed one is taken: %j",
  async (content) => {
    await put("8", "Notes", content);
    expect((await search("tesx")).corrected_query).toBe("test");
  },
);

it("a first letter is replaced within the alphabet of the word", async () => {
  await put("8", "Кластеры", "Развёртывание кластера описано здесь");
  expect((await search("гластера")).corrected_query).toBe("кластера");
});

it("a common word is found from any first letters, by the statistics", async () => {
  expect((await search("hkubernetes")).corrected_query).toBeNull();
  for (let page = 10; page < 30; page += 1) await put(String(page), "Node", `Kubernetes node ${page}`);
  await fixture.database.sql`analyze archon_crawled_pages`;
  expect((await search("hkubernetes")).corrected_query).toBe("Kubernetes");
});
