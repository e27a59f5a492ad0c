import type postgres from "postgres";
import { connect } from "#shared/db/connect.ts";
import { readPageStates } from "#shared/documents/page-states.ts";
import { errorCode } from "#shared/errors.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { store } from "#test/support/stored-pages.ts";
import { TEST_SCHEMA } from "#test/support/test-database.ts";
import { churnedPage } from "./churned-pages.ts";

/** A process of writers that replace pages until it is killed; one JSON line a swap on stdout. */
export type WriterOptions = {
  url: string;
  pages: number;
  writers: number;
  seed: number;
  /** False: each statement commits by itself. The negative control: readers must notice. */
  transaction: boolean;
};

export type WriterReport =
  | { kind: "swap"; outcome: string }
  | { kind: "retry"; code: string }
  | { kind: "error"; code: string; message: string };

const options = JSON.parse(process.argv[2] ?? "{}") as WriterOptions;
const embedder = fakeEmbedder({ dimensions: 128 });
const client = connect({ url: options.url, schema: TEST_SCHEMA, maxConnections: options.writers });
const sql = options.transaction ? client : withoutTransactions(client);
const report = (line: WriterReport) => process.stdout.write(`${JSON.stringify(line)}\n`);

await Promise.all(Array.from({ length: options.writers }, (_, index) => write(options.seed + index)));

async function write(seed: number): Promise<never> {
  const random = seededRandom(seed);
  for (;;) {
    const page = Math.floor(random() * options.pages);
    try {
      const state = (await readPageStates(sql, "docs", [`p${page}`])).get(`p${page}`);
      const result = await store(sql, embedder, churnedPage(page, (state?.version ?? 0) + 1), {
        expectedStateRevision: state?.stateRevision ?? null,
        onRetry: (code) => report({ kind: "retry", code }),
      });
      report({ kind: "swap", outcome: result.outcome });
    } catch (error) {
      report({ kind: "error", code: errorCode(error), message: String(error) });
    }
  }
}

/** The same client, whose `begin` begins nothing: it only keeps a connection, on which statements stay in order. */
function withoutTransactions(client: postgres.Sql): postgres.Sql {
  return new Proxy(client, {
    get: (target, name, receiver) =>
      name === "begin"
        ? async (work: (sql: postgres.Sql) => Promise<unknown>) => {
            const connection = await client.reserve();
            try {
              return await work(connection);
            } finally {
              connection.release();
            }
          }
        : Reflect.get(target, name, receiver),
  });
}

/** mulberry32. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
