import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Sql } from "#shared/db/connect.ts";
import { asChanged, touchIncluders } from "#shared/documents/includers.ts";
import { addNode, putUnder } from "#test/support/access-nodes.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { addSource, NOW, store } from "#test/support/stored-pages.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { untilASessionWaits } from "#test/support/waiting-session.ts";

/*
 * A page that shows others, while one transaction gives it a node and another hides it or shows it again. Two at the same time need a
 * server: the embedded database has one transaction after the other, in the same order.
 */

let database: TestDatabase;
let wide: number;
let narrow: number;
beforeAll(async () => {
  database = await createTestDatabase({ maxConnections: 4 });
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.clear();
  const { sql } = database;
  const embedder = fakeEmbedder();
  await addSource(sql, embedder, { sourceId: "docs", spaceKey: "DOCS" });
  wide = await addNode(sql, { sourceId: "docs" });
  narrow = await addNode(sql, { sourceId: "docs", contentId: "includer", parent: wide });
  for (const pageId of ["target", "includer"])
    await store(sql, embedder, { sourceId: "docs", pageId, title: pageId, chunks: ["text"] });
  await putUnder(sql, "docs", ["target", "includer"], wide);
  await sql`update confluence_pages set shows_others = page_id = 'includer', shows_unguarded = false`;
  await sql`
    insert into page_dependencies (source_id, page_id, kind, target, space_key, shows_text)
    values ('docs', 'includer', 'page', 'target', 'DOCS', true)`;
  await sql`insert into page_renderings (source_id, page_id, rendered_at) values ('docs', 'includer', ${NOW})`;
});

const place = (sql: Sql, node: number | null) => putUnder(sql, "docs", ["includer"], node);
const noteDeletion = async (sql: Sql) => {
  const changes = await asChanged(sql, "docs", ["target"]);
  await touchIncluders(sql, "docs", changes, {
    isGone: true,
    mayShowTooMuch: false,
    editedAt: null,
    now: NOW,
  });
};
const nodeOfIncluder = async () => {
  const [row] = await database.sql`select access_node from confluence_pages where page_id = 'includer'`;
  return row?.["access_node"] as number | null;
};

/** Runs both: the second begins when the first has changed all it changes, and waits for it. */
async function atTheSameTime(first: (tx: Sql) => Promise<unknown>, second: () => Promise<unknown>) {
  let other: Promise<unknown> | undefined;
  await database.sql.begin(async (tx) => {
    await first(tx);
    other = second();
    other.catch(() => {});
    await untilASessionWaits(database.sql);
  });
  await other;
}
describe("a page that includes one which is being deleted", () => {
  it("is hidden although a sweep gives it a node at the same time", async () => {
    await place(database.sql, null);
    await atTheSameTime(
      (sweep) => place(sweep, wide),
      () => database.sql.begin((deletion) => noteDeletion(deletion)),
    );
    expect(await nodeOfIncluder()).toBeNull();
  });

  it("stays hidden when a sweep gives it a node before the deletion is committed", async () => {
    await place(database.sql, null);
    await atTheSameTime(
      (deletion) => noteDeletion(deletion),
      () => database.sql.begin((sweep) => place(sweep, wide)),
    );
    expect(await nodeOfIncluder()).toBeNull();
  });
});

it("a page that lists others is hidden by a sweep that narrows it while a rendering shows it again", async () => {
  const { sql } = database;
  await sql`update page_dependencies set kind = 'children'`;
  // As an earlier change of its node left it.
  await sql`update page_renderings set shows_gone = true`;
  await sql`update confluence_pages set access_node = null where page_id = 'includer'`;
  await atTheSameTime(
    (rendering) => rendering`update page_renderings set shows_gone = false`,
    () => sql.begin((sweep) => place(sweep, narrow)),
  );
  expect(await nodeOfIncluder()).toBeNull();
});
