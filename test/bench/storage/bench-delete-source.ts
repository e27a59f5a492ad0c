import type postgres from "postgres";
import { deleteSourceRows } from "#shared/documents/delete-source.ts";
import { searchDocuments } from "#shared/documents/search.ts";
import { defineCommand } from "#infra/local/runner/run-command.ts";
import { observeSql } from "#infra/local/runner/observe-sql.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { addSource, store } from "#test/support/stored-pages.ts";
import { createTestDatabase } from "#test/support/test-database.ts";
import { makeProse } from "./prose.ts";
import { percentiles } from "./percentiles.ts";

const USUAL = process.env.DATABASE_URL ? 100_000 : 5000;
const CHUNKS_A_PAGE = 20;
/** Small, so that a million vectors and their index are made within minutes: deleting does not look at them. */
const embedder = fakeEmbedder({ dimensions: 16 });
const OTHER_PAGES = 50;

export const benchDeleteSource = defineCommand({
  name: "npm run bench -- delete-source",
  does: `A source goes as the sweeper lets it go, while another one is searched and edited without a pause: how long the whole and its
longest statement take, and what the other source's users notice, beside how it is when idle.`,
  options: {
    chunks: { type: "integer", value: "N", min: 1, default: USUAL, description: "of the source that goes" },
  },
  run: async ({ chunks }) => measure(chunks),
});

async function measure(chunks: number): Promise<object> {
  const database = await createTestDatabase({ maxConnections: 4 });
  const { sql } = database;
  try {
    await fill(sql, chunks);
    const idle = new AbortController();
    setTimeout(() => idle.abort(), 5000);
    const before = await useOther(sql, 2, idle.signal);
    const end = new AbortController();
    const meanwhile = useOther(sql, 1_000_000, end.signal);
    const deleted = await deleteAll(sql);
    end.abort();
    const during = await meanwhile;
    const [left] = await sql<{ rows: number }[]>`
      select (select count(*) from archon_crawled_pages where source_id = 'docs')::int
        + (select count(*) from archon_chunk_embeddings where source_id = 'docs')::int
        + (select count(*) from confluence_pages where source_id = 'docs')::int
        + (select count(*) from archon_sources where source_id = 'docs')::int as rows`;
    return {
      bench: "delete-source",
      database: database.concurrent ? "postgres" : "pglite",
      chunks,
      ...deleted,
      rows_left: left?.rows,
      other_source_idle: before,
      other_source_meanwhile: during,
    };
  } finally {
    await database.close();
  }
}

/** The source, its rows made by the server, and beside it one that people use. */
async function fill(sql: postgres.Sql, chunks: number): Promise<void> {
  await addSource(sql, embedder, { sourceId: "docs" });
  const [index] = await sql<{ name: string; definition: string }[]>`
    select i.indexname as name, i.indexdef as definition from pg_indexes i
    join embedding_models m on m.index_name = i.indexname where m.model = ${embedder.model}`;
  await sql.unsafe(`drop index ${index?.name ?? ""}`);
  const pages = Math.ceil(chunks / CHUNKS_A_PAGE);
  await sql`
    insert into confluence_pages (source_id, page_id, title, version, representation_revision, chunk_count)
    select 'docs', 'p' || n, 'Page ' || n, 1, 1, ${CHUNKS_A_PAGE} from generate_series(0, ${pages - 1}::int) n`;
  for (let start = 0; start < chunks; start += 100_000) {
    await sql`
      with made as (
        insert into archon_crawled_pages (source_id, page_id, url, chunk_number, content, input_hash, search_vector, created_at)
        select 'docs', 'p' || n / ${CHUNKS_A_PAGE}::int, '', n % ${CHUNKS_A_PAGE}::int, repeat(md5(n::text) || ' ', 20), md5(n::text),
          to_tsvector('english', 'page number ' || n || ' of topic ' || n % 1000), now()
        from generate_series(${start}::int, ${Math.min(start + 100_000, chunks) - 1}::int) n
        returning id
      )
      insert into archon_chunk_embeddings (chunk_id, model, source_id, embedding)
      select id, ${embedder.model}, 'docs', array(
        select sin(id * n)::real from generate_series(1, ${embedder.dimensions}::int) n)::vector from made`;
  }
  await sql.begin(async (tx) => {
    await tx`set local maintenance_work_mem = '1GB'`;
    await tx`set local statement_timeout = 0`;
    await tx.unsafe(index?.definition ?? "");
  });
  await addSource(sql, embedder, { sourceId: "other" });
  const next = makeProse(6);
  for (let page = 0; page < OTHER_PAGES; page += 1) {
    const contents = Array.from({ length: CHUNKS_A_PAGE }, next);
    await store(sql, embedder, { sourceId: "other", pageId: `p${page}`, chunks: contents });
  }
  await sql`analyze`;
}

/** What the sweeper does, with the time of every statement, and of how far it was after each step. */
async function deleteAll(sql: postgres.Sql) {
  await sql`update archon_sources set status = 'deleting', encrypted_token = null where source_id = 'docs'`;
  const times: number[] = [];
  let sent = 0;
  const observed = observeSql(sql, {
    onStatement: () => {
      sent = performance.now();
    },
  });
  const started = performance.now();
  let rows = 0;
  for (let done = false; !done;) {
    const step = await deleteSourceRows(observed, "docs");
    // A step's last statement is the one that deletes.
    times.push(performance.now() - sent);
    rows += step.deleted;
    done = step.done;
  }
  return {
    seconds: Math.round((performance.now() - started) / 100) / 10,
    rows_reported: rows,
    steps: times.length,
    statement_ms: percentiles(times),
    longest_statement_ms: Math.round(Math.max(...times)),
    last_tenth_ms: percentiles(times.slice(-Math.ceil(times.length / 10))),
  };
}

/** Searches and swaps of the other source, in turns, until `signal`. */
async function useOther(sql: postgres.Sql, firstVersion: number, signal: AbortSignal) {
  const next = makeProse(firstVersion);
  const searches: number[] = [];
  const swaps: number[] = [];
  const [vector = []] = await embedder.embed(["backups and restore"]);
  for (let version = firstVersion; !signal.aborted; version += 1) {
    let started = performance.now();
    const { hits } = await searchDocuments(sql, {
      query: "backups and restore",
      embedding: { model: embedder.model, vector },
      sources: ["other"],
      matchCount: 10,
      returnMode: "chunks",
      readable: null,
    });
    if (hits.length === 0) throw new Error("The other source's search came back empty");
    searches.push(performance.now() - started);
    started = performance.now();
    const contents = Array.from({ length: CHUNKS_A_PAGE }, next);
    const pageId = `p${version % OTHER_PAGES}`;
    await store(sql, embedder, { sourceId: "other", pageId, version, chunks: contents });
    swaps.push(performance.now() - started);
  }
  const described = (values: number[]) => ({
    count: values.length,
    ...percentiles(values),
    max: Math.round(Math.max(...values)),
  });
  return { search_ms: described(searches), swap_ms: described(swaps) };
}
