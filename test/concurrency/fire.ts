import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type postgres from "postgres";
import { searchDocuments } from "#shared/documents/search.ts";
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
  /** Searches by vector alone that did not find the page. */
  vectorMisses: number;
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
    vectorMisses: 0,
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
    url: database.url,
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
      const byVector = await searchDocuments(sql, { ...request, retrievers: "vector" });
      const seen = byVector.hits.filter((hit) => hit.pageId === `p${page}`).map((hit) => hit.content);
      if (seen.length === 0) counts.vectorMisses += 1;
      const judged = judge(seen, byVector.candidates.duplicates);
      if (judged === "mixed" || judged === "duplicate") counts.sightings[judged] += 1;
      counts.searches += 1;
    }
    counts.searches += 1;
  }
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

/** Ends a connection that is in the middle of a swap, if there is one right now. */
async function terminateOneWriter(sql: postgres.Sql): Promise<number> {
  const rows = await sql`
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null
      and (query ilike '%archon_crawled_pages%' or query ilike '%confluence_pages%') and query not ilike '%scored_chunks%'
      and query not ilike '%pg_terminate_backend%'
    order by random() limit 1`;
  return rows.length;
}
