import type postgres from "postgres";
import { applyRights } from "#shared/access/sweeps/apply-rights.ts";
import { transaction } from "#shared/db/connect.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { addSource, NOW } from "#test/support/stored-pages.ts";

const SOURCE = "narrowed";

/** What a restriction on a page writes that has so many pages below it, each with a chunk and its vector. */
export async function measureNarrowing(sql: postgres.Sql, descendants: number): Promise<object> {
  const embedder = fakeEmbedder();
  await addSource(sql, embedder, { sourceId: SOURCE });
  await sql`update archon_sources set access = 'per_user' where source_id = ${SOURCE}`;
  await sql`insert into access_sweeps (source_id, due_at) values (${SOURCE}, ${NOW})`;
  const [{ space } = { space: 0 }] = await sql<{ space: number }[]>`
    insert into access_nodes (source_id, groups, state, read_at) values (${SOURCE}, '{staff}', 'known', ${NOW}) returning node_id as space`;
  await sql`
    insert into content_access (source_id, content_id, ancestor_ids, node_id, read_at)
    select ${SOURCE}, n::text, case when n = 0 then '{}' else '{0}' end::text[], ${space}, ${NOW}
    from generate_series(0, ${descendants}::int) n`;
  await sql`
    insert into confluence_pages (source_id, page_id, title, version, url, chunk_count, shows_others, shows_unguarded)
    select ${SOURCE}, n::text, 'Below ' || n, 1, '', 1, false, false from generate_series(0, ${descendants}::int) n`;
  await sql`
    with made as (
      insert into archon_crawled_pages (source_id, page_id, url, chunk_number, content, input_hash, search_vector, created_at)
      select ${SOURCE}, n::text, '', 0, 'text', 'hash', '', ${NOW} from generate_series(0, ${descendants}::int) n returning id)
    insert into archon_chunk_embeddings (chunk_id, model, source_id, embedding)
    select id, ${embedder.model}, ${SOURCE}, (select array_agg(0.1) from generate_series(1, ${embedder.dimensions}::int))::vector from made`;
  const before = await written(sql);
  const started = performance.now();
  await transaction(sql, (tx) =>
    applyRights(tx, SOURCE, {
      contents: [{ id: "0", ancestors: [], restriction: { users: ["ann"], groups: [] } }],
      readAt: new Date(NOW.getTime() + 60_000),
    }),
  );
  const duration = performance.now() - started;
  const after = await written(sql);
  const [{ narrowed } = { narrowed: 0 }] = await sql<{ narrowed: number }[]>`
    select count(*)::int as narrowed from confluence_pages where source_id = ${SOURCE} and access_node <> ${space}`;
  return {
    descendants,
    pages_narrowed: narrowed,
    transactions: 1,
    wal_bytes: after.wal - before.wal,
    wal_bytes_a_page: Math.round((after.wal - before.wal) / (descendants + 1)),
    chunk_rows_written: after.chunks === before.chunks ? 0 : "some",
    vector_rows_written: after.vectors === before.vectors ? 0 : "some",
    milliseconds: Math.round(duration),
  };
}

/** Which transactions wrote the rows of chunks and vectors, and how much was written in all. */
async function written(sql: postgres.Sql): Promise<{ wal: number; chunks: string; vectors: string }> {
  const [row] = await sql<{ wal: number; chunks: string; vectors: string }[]>`
    select (pg_current_wal_lsn() - '0/0')::float8 as wal,
      (select md5(string_agg(xmin::text || ':' || id, ',' order by id)) from archon_crawled_pages where source_id = ${SOURCE}) as chunks,
      (select md5(string_agg(xmin::text || ':' || chunk_id, ',' order by chunk_id)) from archon_chunk_embeddings
        where source_id = ${SOURCE}) as vectors`;
  if (!row) throw new Error("A query of aggregates returns one row");
  return row;
}
