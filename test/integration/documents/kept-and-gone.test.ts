import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { keepText, readText } from "#shared/documents/attachment-texts.ts";
import {
  confirmedComments,
  countGone,
  markListed,
  removeGone,
  unlistedComments,
} from "#shared/documents/checked-comments.ts";
import { removeUnsyncedKinds } from "#shared/documents/unsynced-kinds.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { addSource, NOW, store } from "#test/support/stored-pages.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const embedder = fakeEmbedder();
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.clear();
  await addSource(database.sql, embedder, { sourceId: "docs" });
  await store(database.sql, embedder, { pageId: "1", chunks: ["Text."] });
});
afterAll(() => database.close());

const text = (markdown: string) => ({
  result: "text" as const,
  extractor: "reader 1",
  parts: [{ place: { kind: "sheet" as const, name: "A\u0000" }, markdown }],
  warnings: [],
});
const file = { sourceId: "docs", id: "att1", version: 2, revision: 3 };
const keep = (markdown: string, fields: Partial<typeof file & { ocr: boolean }> = {}) =>
  keepText(database.sql, { ...file, ocr: false, now: NOW, ...fields }, text(markdown));
const read = async (fields: Partial<typeof file & { byOcr: boolean }> = {}) => {
  const found = await readText(database.sql, { ...file, byOcr: false, ...fields });
  return found?.result === "text" ? found.parts.map((part) => part.markdown) : null;
};

it("the text of a file is kept for its version, its extraction and whether OCR was on", async () => {
  await keep("One.");
  expect(await read()).toEqual(["One."]);
  expect([await read({ version: 1 }), await read({ version: 3 }), await read({ revision: 4 })]).toEqual([
    null,
    null,
    null,
  ]);
  expect(await read({ byOcr: true })).toBeNull();
  await keep("By OCR.", { ocr: true });
  expect([await read(), await read({ byOcr: true })]).toEqual([["By OCR."], ["By OCR."]]);
});

it("the text of a newer version, or of a newer extraction of it, stays", async () => {
  await keep("Newer.");
  await keep("Older.", { version: 1, revision: 9 });
  await keep("Older.", { revision: 2 });
  expect(await read()).toEqual(["Newer."]);
  await keep("Next.", { version: 3, revision: 1 });
  expect([await read(), await read({ version: 3, revision: 1 })]).toEqual([null, ["Next."]]);
});

it("a text is kept without what the database refuses", async () => {
  await keep("a\u0000b \ud800.");
  expect(await readText(database.sql, { ...file, byOcr: false })).toEqual({
    ...text("ab \ufffd."),
    parts: [{ place: { kind: "sheet", name: "A" }, markdown: "ab \ufffd." }],
  });
});

it("a comment that two checks in a row find gone is left out, then deleted", async () => {
  const { sql } = database;
  await sql`
    insert into confluence_comments (source_id, comment_id, container_id, location, version, body)
    select 'docs', id, '1', 'footer', 1, '' from unnest('{1, 2, 3}'::text[]) id`;
  const check = (number: number) => ({
    sourceId: "docs",
    operationId: `00000000-0000-4000-8000-00000000000${number}`,
  });
  const [first, second, third] = [check(1), check(2), check(3)];
  await markListed(sql, first, ["1"]);
  expect(await unlistedComments(sql, first, 10)).toEqual(["2", "3"]);
  expect(await unlistedComments(sql, first, 1)).toEqual(["2"]);
  await confirmedComments(sql, first, { asked: ["2", "3"], gone: ["3"] });
  expect(await unlistedComments(sql, first, 10)).toEqual([]);
  expect(await countGone(sql, first)).toEqual({ firstTime: 1, secondTime: 0, pages: 3 });
  expect(await removeGone(sql, first, NOW)).toEqual(["1"]);
  await confirmedComments(sql, second, { asked: ["2", "3"], gone: ["2", "3"] });
  expect(await countGone(sql, second)).toEqual({ firstTime: 1, secondTime: 1, pages: 3 });
  expect(await removeGone(sql, second, NOW)).toEqual(["1"]);
  expect(await countGone(sql, third)).toEqual({ firstTime: 0, secondTime: 0, pages: 2 });
});

it("what a source does not sync any more is removed, of the one source or of all", async () => {
  const { sql } = database;
  await addSource(sql, embedder, { sourceId: "other" });
  await sql`update archon_sources set content = '{"blogposts": false, "comments": "none", "attachments": false}'`;
  const fill = async (sourceId: string) => {
    await store(sql, embedder, { sourceId, pageId: "post", kind: "blogpost", chunks: ["Text."] });
    await sql`
      insert into confluence_comments (source_id, comment_id, container_id, location, version, body)
      values (${sourceId}, '1', 'post', 'footer', 1, '')`;
    await keepText(sql, { ...file, sourceId, ocr: false, now: NOW }, text("Text."));
  };
  await fill("docs");
  await fill("other");
  expect(await removeUnsyncedKinds(sql, { sourceId: "docs", now: NOW })).toBe(3);
  expect(await removeUnsyncedKinds(sql, { sourceId: "docs", now: NOW })).toBe(0);
  expect(await removeUnsyncedKinds(sql, { now: NOW })).toBe(3);
  expect(await sql`select page_id from confluence_pages`).toEqual([{ page_id: "1" }]);
  await sql`update archon_sources set content = '{"blogposts": true, "comments": "open", "attachments": true}'`;
  await fill("docs");
  expect(await removeUnsyncedKinds(sql, { now: NOW })).toBe(0);
});
