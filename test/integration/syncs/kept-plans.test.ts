import { afterAll, beforeAll, expect, it } from "vitest";
import { addPage, editPage } from "#infra/local/confluence-site/edits.ts";
import { rowsOf, startExplainedDatabase, type ExplainedDatabase } from "#test/support/explained-queries.ts";
import { stopAutovacuum } from "#test/support/stop-autovacuum.ts";
import { bodyOf, makeSyncWorld, SOURCE_ID, SPACE, type SyncWorld } from "#test/support/sync-world.ts";

/** A connection keeps a plan from its sixth execution on. */
const EXECUTIONS = 8;
const MANY = 3000;
const TABLES = [
  "archon_sources",
  "confluence_pages",
  "archon_crawled_pages",
  "archon_chunk_embeddings",
  "page_renderings",
  "page_dependencies",
  "sync_work",
  "content_access",
  "access_nodes",
];

const INCLUDES_PAGE_1 = `<ac:structured-macro ac:name="include"><ac:parameter ac:name=""><ac:link><ri:page ri:content-title="Page 1"/></ac:link></ac:parameter></ac:structured-macro>`;

let database: ExplainedDatabase;
let world: SyncWorld;
beforeAll(async () => {
  database = await startExplainedDatabase();
  const { sql } = database;
  await stopAutovacuum(sql, TABLES);
  world = await makeSyncWorld(sql, {
    pages: 3,
    access: { access: "unrestricted", unreadableContainers: "hide" },
  });
  addPage(world.site, { space: SPACE, title: "Includer", body: INCLUDES_PAGE_1 });
  await world.sync();
  for (let n = 0; n < EXECUTIONS; n += 1) await edit();
  await addMany();
}, 120_000);
afterAll(() => database.close());

async function edit(): Promise<void> {
  const { site } = world;
  world.pass(60_000);
  editPage(site, world.page("Page 1").id, { body: bodyOf(`edited${world.now().getTime()}`) });
  addPage(site, { space: SPACE, title: `New ${world.now().getTime()}`, body: bodyOf("new") });
  world.pass(60_000);
  await world.sync();
}

async function addMany(): Promise<void> {
  const { sql } = database;
  await sql`
    insert into confluence_pages (source_id, page_id, title, version, representation_revision, chunk_count, modified_at, shows_unguarded)
    select ${SOURCE_ID}, 'p' || n, 'Many ' || n, 1, 1, 1, now(), false from generate_series(1, ${MANY}::int) n`;
  await sql`
    insert into page_renderings (source_id, page_id, shown_revision, rendered_revision, rendered_at)
    select ${SOURCE_ID}, 'p' || n, 1, 1, now() from generate_series(1, ${MANY}::int) n`;
  await sql`
    insert into content_access (source_id, content_id, ancestor_ids, node_id, read_at)
    select ${SOURCE_ID}, 'p' || n, '{}', (select node_id from access_nodes limit 1), now() from generate_series(1, ${MANY}::int) n`;
  await sql`
    with made as (
      insert into archon_crawled_pages (source_id, page_id, url, chunk_number, content, input_hash, search_vector, created_at)
      select ${SOURCE_ID}, 'p' || n, '', 0, 'many', md5(n::text), to_tsvector('english', 'many'), now()
      from generate_series(1, ${MANY}::int) n returning id
    )
    insert into archon_chunk_embeddings (chunk_id, model, source_id, embedding)
    select id, (select model from archon_chunk_embeddings limit 1), ${SOURCE_ID}, (select embedding from archon_chunk_embeddings limit 1) from made`;
}

/** The largest rows, and what each stored page asks. Of a source's pages a kept plan may read all, which is little, once a batch. */
const PER_PAGE = ["archon_crawled_pages", "archon_chunk_embeddings", "page_renderings"];

it.each(PER_PAGE)(
  "a sync of one page reads few rows of %s, by plans that its connection made when there were few",
  async (table) => {
    const nodes = await database.explain(edit);
    expect(nodes.length).toBeGreaterThan(100);
    expect(nodes.filter((node) => node["Relation Name"] === table && rowsOf(node) > MANY / 2)).toEqual([]);
  },
);
