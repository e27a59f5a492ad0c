import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type postgres from "postgres";
import { searchDocuments, type SearchRequest } from "#shared/documents/search.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { judge, tokenOf, type Sighting } from "./churned-pages.ts";
import type { WriterOptions, WriterReport } from "./writer.ts";

export type FireOptions = {
  pages: number;
  processes: number;
  writersPerProcess: number;
  readers: number;
  /** The run ends when both are reached. */
  minSwaps: number;
  minSearches: number;
  /** SIGKILLs of a writer process, and ends of a writer's connection by the server, spread over the run. */
  kills: number;
  terminations: number;
  transaction: boolean;
  seed: number;
};

export type FireCounts = {
  swaps: number;
  superseded: number;
  retries: Record<string, number>;
  errors: Record<string, number>;
  searches: number;
  sightings: Record<Sighting, number>;
  /** Searches by vector alone. */
  vectorSearches: number;
  /** Those that did not find a page whose vectors were there to be found: what an approximate index may do, seldom. */
  missedByIndex: number;
  /** Those at whose moment the page had no vectors. */
  withoutVectors: number;
  kills: number;
  terminations: number;
};

const embedder = fakeEmbedder({ dimensions: 128 });

/** Writers in processes of their own replace pages while readers here search for them; answers what was seen. */
export async function underFire(database: TestDatabase, options: FireOptions): Promise<FireCounts> {
  const counts: FireCounts = {
    swaps: 0,
    superseded: 0,
    retries: {},
    errors: {},
    searches: 0,
    sightings: { whole: 0, none: 0, mixed: 0, duplicate: 0, incomplete: 0 },
    vectorSearches: 0,
    missedByIndex: 0,
    withoutVectors: 0,
    kills: 0,
    terminations: 0,
  };
  const processes = Array.from({ length: options.processes }, (_, index) =>
    startWriters(database, options, index, counts),
  );
  const ended = () => counts.swaps >= options.minSwaps && counts.searches >= options.minSearches;
  const readers = Array.from({ length: options.readers }, (_, index) =>
    read(database.sql, options, index, counts, ended),
  );
  const faults = causeFaults(database, options, processes, counts, ended);
  try {
    await Promise.all([...readers, faults]);
  } finally {
    await Promise.all(processes.map(killWriters));
  }
  return counts;
}

function startWriters(
  database: TestDatabase,
  options: FireOptions,
  index: number,
  counts: FireCounts,
): ChildProcess {
  const config: WriterOptions = {
    url: database.address.url,
    pages: options.pages,
    writers: options.writersPerProcess,
    seed: options.seed + index * 1000,
    transaction: options.transaction,
  };
  const script = fileURLToPath(new URL("./writer.ts", import.meta.url));
  const child = spawn(process.execPath, [script, JSON.stringify(config)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    // The last line of a killed process may be cut.
    if (!line.endsWith("}")) return;
    count(counts, JSON.parse(line) as WriterReport);
  });
  return child;
}

function count(counts: FireCounts, report: WriterReport): void {
  if (report.kind === "retry") counts.retries[report.code] = (counts.retries[report.code] ?? 0) + 1;
  else if (report.kind === "error") counts.errors[report.code] = (counts.errors[report.code] ?? 0) + 1;
  else if (report.outcome === "superseded") counts.superseded += 1;
  else counts.swaps += 1;
}

async function killWriters(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await exited;
}

async function read(
  sql: postgres.Sql,
  options: FireOptions,
  index: number,
  counts: FireCounts,
  ended: () => boolean,
): Promise<void> {
  for (let turn = index; !ended(); turn += 1) {
    const page = (turn * 7919 + index * 104_729) % options.pages;
    const [vector = []] = await embedder.embed([`${tokenOf(page)} `.repeat(12)]);
    const request = {
      query: tokenOf(page),
      embedding: { model: embedder.model, vector },
      matchCount: 50,
      returnMode: "chunks" as const,
      readable: null,
    };
    const { hits, candidates } = await searchDocuments(sql, {
      ...request,
      retrievers: turn % 3 === 0 ? "keyword" : "hybrid",
    });
    const contents = hits.filter((hit) => hit.pageId === `p${page}`).map((hit) => hit.content);
    counts.sightings[judge(contents, candidates.duplicates)] += 1;
    if (turn % 5 === 0) {
      const { seen, duplicates, hasVectors } = await searchByVector(sql, request, `p${page}`);
      counts.vectorSearches += 1;
      if (!hasVectors) counts.withoutVectors += 1;
      else if (seen.length === 0) counts.missedByIndex += 1;
      const judged = judge(seen, duplicates);
      if (judged === "mixed" || judged === "duplicate") counts.sightings[judged] += 1;
      counts.searches += 1;
    }
    counts.searches += 1;
  }
}

/** What a search by vector alone sees of a page, and whether its changing chunks have vectors in the same snapshot. */
function searchByVector(sql: postgres.Sql, request: Omit<SearchRequest, "retrievers">, pageId: string) {
  return sql.begin("isolation level repeatable read read only", async (transaction) => {
    const { hits, candidates } = await searchDocuments(transaction, { ...request, retrievers: "vector" });
    const vectors = await transaction`
      select from searched_chunks_of('docs', ${pageId}) s join archon_crawled_pages c using (id)
      join archon_chunk_embeddings e on e.chunk_id = c.id where c.content like '%version=%' limit 1`;
    return {
      seen: hits.filter((hit) => hit.pageId === pageId).map((hit) => hit.content),
      duplicates: candidates.duplicates,
      hasVectors: vectors.length > 0,
    };
  });
}

/** Spreads the faults over the swaps of the run. */
async function causeFaults(
  database: TestDatabase,
  options: FireOptions,
  processes: ChildProcess[],
  counts: FireCounts,
  ended: () => boolean,
): Promise<void> {
  const total = options.kills + options.terminations;
  const every = Math.floor(options.minSwaps / (total + 1));
  for (let fault = 1; fault <= total && !ended();) {
    if (counts.swaps < fault * every) {
      await database.sql`select pg_sleep(0.02)`;
      continue;
    }
    if (counts.kills < Math.floor((fault * options.kills) / total)) {
      const index = counts.kills % processes.length;
      const victim = processes[index];
      if (victim) await killWriters(victim);
      counts.kills += 1;
      processes[index] = startWriters(database, options, index + counts.kills * 100, counts);
    } else {
      counts.terminations += await terminateOneWriter(database.sql);
    }
    fault += 1;
  }
}

/** Ends a connection that is in the middle of a swap, that is, has written, if there is one right now. */
async function terminateOneWriter(sql: postgres.Sql): Promise<number> {
  const rows = await sql`
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and backend_xid is not null
    order by random() limit 1`;
  return rows.length;
}
