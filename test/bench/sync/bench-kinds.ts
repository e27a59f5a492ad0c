import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { makeServiceClient, type Operation, type ServiceClient } from "#infra/local/demo/service-client.ts";
import { cleanUp } from "#infra/local/runner/clean-up.ts";
import { defineCommand } from "#infra/local/runner/run-command.ts";
import { startLocalRunner } from "#infra/local/runner/start.ts";
import { createDatabase } from "#test/support/databases/server.ts";
import { ADDED_KINDS, ownWord, type AddedKind } from "./own-word.ts";
import { startPart, type Part } from "./part.ts";

const POLL_MS = 200;
/** Of each kind, evenly chosen. */
const SEARCHED = 200;
const MATCHES = 5;
/** Of a sync that finds nothing new. */
const MOST_CALLS = 5;
const DIMENSIONS = "384";

type Counts = Record<AddedKind, number>;

export const benchKinds = defineCommand({
  name: "npm run bench -- kinds",
  does: `Syncs a folder of pages, with comments, files and posts added to its largest space, through the whole local service; then searches
for a word that only one comment, file or post has, for ${SEARCHED} of each kind, and syncs again. Exit 1 if one is not found, or if the second sync
takes more than ${MOST_CALLS} calls by the site's own log.`,
  options: {
    dir: { type: "folder", value: "DIR", required: true, description: "pages, as for npm run confluence" },
    comments: { type: "integer", value: "N", min: 0, default: 2000, description: "comments that are added" },
    files: { type: "integer", value: "N", min: 0, default: 500, description: "files that are added" },
    posts: { type: "integer", value: "N", min: 0, default: 50, description: "blog posts that are added" },
    minutes: { type: "integer", value: "N", min: 1, default: 30, description: "after which a sync fails" },
  },
  more: "On a database of its own on the server of DATABASE_URL, else on the embedded one.",
  run: async ({ dir, minutes, ...counts }) => {
    const started = cleanUp();
    try {
      const added = ADDED_KINDS.map((kind) => String(counts[kind]));
      const site = await startPart(new URL("./serve-kinds.ts", import.meta.url), [dir, ...added]);
      started.add(site.stop);
      const vectors = await startPart(new URL("./serve-vectors.ts", import.meta.url), [DIMENSIONS]);
      started.add(vectors.stop);
      const server = process.env.DATABASE_URL ? await createDatabase(process.env.DATABASE_URL) : null;
      if (server) started.add(server.drop);
      const folder = await mkdtemp(join(tmpdir(), "bench-kinds-"));
      started.add(() => rm(folder, { recursive: true, force: true }));
      const runner = await startLocalRunner({
        dataDir: join(folder, "data"),
        env: {
          ...(server ? { DATABASE_URL: server.url } : {}),
          LOG_LEVEL: "error",
          EMBEDDINGS: "openai",
          EMBEDDINGS_URL: vectors.url,
          EMBEDDINGS_MODEL: "hashed",
          EMBEDDINGS_DIMENSIONS: DIMENSIONS,
        },
      });
      started.add(() => runner.close(0));
      const measured = await measure(makeServiceClient(runner.url), site, counts, minutes * 60_000);
      const { missing, second_sync } = measured;
      if (missing.length > 0 || second_sync.calls > MOST_CALLS) process.exitCode = 1;
      return { bench: "kinds", database: server ? "postgres" : "pglite", ...measured };
    } finally {
      await started.run();
    }
  },
});

async function measure(service: ServiceClient, site: Part, counts: Counts, patienceMs: number) {
  const sourceId = await service.createSource({
    base_url: site.url,
    email: "sync@example.com",
    api_token: "demo-token",
    space_key: site.facts.space ?? "",
    deletion_strategy: "on_demand",
  });
  const sync = async () => {
    const { counts: before } = await site.report();
    const started = performance.now();
    const { sync_metrics: metrics } = await ended(service, await service.startSync(sourceId), patienceMs);
    const { counts: after } = await site.report();
    const calls = (after.calls ?? 0) - (before.calls ?? 0);
    return { calls, seconds: Math.round((performance.now() - started) / 100) / 10, metrics };
  };
  const first = await sync();
  const { pages_added, comments_added, files_added } = first.metrics;
  const found: Record<string, { added: number; searched: number; found: number }> = {};
  const missing: string[] = [];
  for (const kind of ADDED_KINDS) {
    const words = evenly(counts[kind], SEARCHED).map((n) => ownWord(kind, n));
    const lost: string[] = [];
    for (const word of words) {
      const hits = await service.search(word, MATCHES);
      if (!hits.some(({ content }) => content.includes(word))) lost.push(`${kind}: ${word}`);
    }
    found[kind] = { added: counts[kind], searched: words.length, found: words.length - lost.length };
    missing.push(...lost);
  }
  const second = await sync();
  return {
    first_sync: { calls: first.calls, seconds: first.seconds, pages_added, comments_added, files_added },
    found,
    missing,
    second_sync: { calls: second.calls, seconds: second.seconds },
  };
}

/** The operation once it has ended. Throws where it did not complete, or takes too long. */
async function ended(service: ServiceClient, operationId: string, patienceMs: number): Promise<Operation> {
  const until = performance.now() + patienceMs;
  for (;;) {
    const operation = await service.operation(operationId);
    if (operation.finished_at !== null) {
      if (operation.status === "completed") return operation;
      throw new Error(`The sync is ${operation.status}: ${JSON.stringify(operation.failed_pages)}`);
    }
    if (performance.now() > until) throw new Error(`Only ${operation.percent} % are done: it takes too long`);
    await delay(POLL_MS);
  }
}

/** At most `most` of the numbers below `count`. */
function evenly(count: number, most: number): number[] {
  const wanted = Math.min(count, most);
  return Array.from({ length: wanted }, (_, n) => Math.floor((n * count) / wanted));
}
