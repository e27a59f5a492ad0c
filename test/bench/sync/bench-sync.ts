import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { makeServiceClient, type Operation } from "#infra/local/demo/service-client.ts";
import { cleanUp } from "#infra/local/runner/clean-up.ts";
import { defineCommand } from "#infra/local/runner/run-command.ts";
import { startLocalRunner, type LocalRunner } from "#infra/local/runner/start.ts";
import { createDatabase } from "#test/support/databases/server.ts";
import { reachableMemory, type Memory } from "./memory.ts";
import { cpuMs, startPart, type Part } from "./part.ts";
import { watchPostgresWire, type WireCounts } from "./postgres-wire.ts";
import { serverCpu, type ServerCpu } from "./server-cpu.ts";
import { MODELS, startVectors, type Vectors } from "./vectors.ts";

const POLL_MS = 1000;
/** Percent of the pages at which memory is measured. */
const MEASURED_AT = [10, 50, 100];
const MEGABYTE = 1024 * 1024;

export const benchSync = defineCommand({
  name: "npm run bench -- sync",
  does: `The first sync of a folder of pages through the whole local service: HTTP, queues, a simulated site and an OpenAI-compatible
embedder that answers at once, each in a process of its own. Pages a second; per page: processor time of each part, statements and
round trips to the database; calls to Confluence and the embedder; memory at 10, 50 and 100 %.`,
  options: {
    dir: { type: "folder", value: "DIR", required: true, description: "pages, as for npm run confluence" },
    pages: {
      type: "integer",
      value: "N",
      min: 1,
      description:
        "so many, evenly chosen from its largest space; more than it has: all of them again, under other ids and titles",
    },
    model: {
      type: "choice",
      choices: MODELS,
      default: "instant",
      description: "in place of instant vectors, the local model by this runtime, in the service's process",
    },
    dimensions: {
      type: "integer",
      value: "N",
      min: 1,
      max: 4000,
      default: 384,
      description: "of the instant vectors",
    },
    searches: {
      type: "flag",
      description: "search by titles meanwhile, and for 20 s afterwards: milliseconds, from another process",
    },
    minutes: { type: "integer", value: "N", min: 1, default: 30, description: "after which the run fails" },
  },
  more: "On a database of its own on the server of DATABASE_URL, else on the embedded one.",
  run: async ({ dir, pages = 0, model, dimensions, searches, minutes }) => {
    const started = cleanUp();
    try {
      const site = await startPart(new URL("./serve-site.ts", import.meta.url), [dir, String(pages)]);
      started.add(site.stop);
      const vectors = await startVectors(model, dimensions);
      started.add(vectors.stop);
      const server = process.env.DATABASE_URL ? await createDatabase(process.env.DATABASE_URL) : null;
      if (server) started.add(server.drop);
      const wire = watchPostgresWire();
      const dataDir = await mkdtemp(join(tmpdir(), "bench-sync-"));
      started.add(() => rm(dataDir, { recursive: true, force: true }));
      const runner = await startLocalRunner({
        dataDir: join(dataDir, "data"),
        env: {
          ...(server ? { DATABASE_URL: server.url } : {}),
          LOG_LEVEL: "error",
          ...vectors.env,
        },
        services: vectors.services,
      });
      started.add(() => runner.close(0));
      const searching = searches
        ? await startPart(new URL("./serve-searches.ts", import.meta.url), [
            runner.url,
            site.facts.titles ?? "",
          ])
        : null;
      if (searching) started.add(searching.stop);
      const parts = {
        site,
        searching,
        vectors,
        wire,
        database: server ? serverCpu(runner.services.sql) : null,
      };
      return {
        bench: "sync",
        model,
        ...(await measure(runner, parts, performance.now() + minutes * 60_000)),
      };
    } finally {
      await started.run();
    }
  },
});

type Parts = {
  site: Part;
  vectors: Vectors;
  searching: Part | null;
  wire: WireCounts;
  database: ServerCpu | null;
};

const IDLE_MS = 20_000;

/** Milliseconds of the searches since the last call. */
async function searchTimes(searching: Part): Promise<Record<string, number>> {
  const { counts } = await searching.report();
  return Object.fromEntries(Object.entries(counts).map(([name, value]) => [name, rounded(value)]));
}

async function measure(runner: LocalRunner, parts: Parts, until: number): Promise<object> {
  const { site, vectors, searching, wire, database } = parts;
  const service = makeServiceClient(runner.url);
  const sourceId = await service.createSource({
    base_url: site.url,
    email: "sync@example.com",
    api_token: "demo-token",
    space_key: site.facts.space ?? "",
    deletion_strategy: "on_demand",
  });
  const use = async () => ({
    service: cpuMs(),
    site: await site.report(),
    vectors: { cpuMs: await vectors.cpuMs(), ...(await vectors.counts()) },
    wire: { ...wire },
  });
  await database?.sample();
  const before = await use();
  const pages = before.site.counts.pages ?? 0;
  await searching?.report();
  const started = performance.now();
  const operationId = await service.startSync(sourceId);
  const memory: Record<string, Memory> = {};
  let highestRss = 0;
  let operation: Operation;
  do {
    await delay(POLL_MS);
    await database?.sample();
    operation = await service.operation(operationId);
    highestRss = Math.max(highestRss, process.memoryUsage.rss());
    for (const percent of MEASURED_AT)
      if (operation.pages_processed >= (pages * percent) / 100)
        memory[`at_${percent}_percent`] ??= reachableMemory();
    if (performance.now() > until) throw new Error(`Only ${operation.percent} % are done: it takes too long`);
  } while (operation.finished_at === null);
  const seconds = (performance.now() - started) / 1000;
  const after = await use();
  const searches = searching
    ? { during: await searchTimes(searching), idle: await idleTimes(searching) }
    : null;
  const metrics = operation.sync_metrics;
  if (operation.status !== "completed" || metrics.pages_added !== pages)
    throw new Error(`The sync is ${operation.status}, with ${metrics.pages_added} of ${pages} pages`);
  const perPage = (value: number) => rounded(value / pages);
  const called = (count: string) => (after.site.counts[count] ?? 0) - (before.site.counts[count] ?? 0);
  const requests = after.vectors.requests - before.vectors.requests;
  const texts = after.vectors.texts - before.vectors.texts;
  return {
    database: database ? "postgres" : "pglite",
    pages,
    distinct_pages: before.site.counts.distinct ?? 0,
    chunks: metrics.chunks_added,
    seconds: rounded(seconds),
    pages_per_second: rounded(pages / seconds),
    cpu_ms_per_page: {
      /** With the embedded database and the local model, where these are used. */
      service: perPage(after.service - before.service),
      database: database ? perPage(database.read() ?? NaN) : null,
      site: perPage(after.site.cpuMs - before.site.cpuMs),
      embedder:
        after.vectors.cpuMs === null ? null : perPage(after.vectors.cpuMs - (before.vectors.cpuMs ?? 0)),
    },
    statements_per_page: perPage(after.wire.statements - before.wire.statements),
    round_trips_per_page: perPage(after.wire.roundTrips - before.wire.roundTrips),
    confluence_calls_per_1000_pages: {
      all: perPage(called("calls") * 1000),
      bulk: perPage(called("bulk") * 1000),
      rendered: perPage(called("rendered") * 1000),
    },
    pages_per_embedding_request: rounded(pages / requests),
    texts_per_embedding_request: rounded(texts / requests),
    ...(searches ? { search_ms: searches } : {}),
    service_mb: { ...memory, highest_rss: Math.round(highestRss / MEGABYTE) },
  };
}

async function idleTimes(searching: Part): Promise<Record<string, number>> {
  // Events are sent, and what the sync left behind is done.
  await delay(POLL_MS);
  await searching.report();
  await delay(IDLE_MS);
  return searchTimes(searching);
}

const rounded = (value: number) => Math.round(value * 100) / 100;
