import type postgres from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeRequestsFirst } from "#infra/local/runner/requests-first.ts";
import { guardRoot, transaction } from "#shared/db/connect.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

describe("statements of requests on one connection", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase({ maxConnections: 1 });
    await database.sql`create table notes (note text)`;
  });
  afterAll(() => database.close());

  const started = (clock?: () => number) => {
    const { wrapSql, request } = makeRequestsFirst(clock);
    const ended: string[] = [];
    const sql = guardRoot(wrapSql(database.sql));
    const named = async (name: string) => {
      await sql`select ${name}::text`;
      ended.push(name);
    };
    return { sql, request, ended, named };
  };
  const twenty = Array.from({ length: 20 }, (_, n) => `work ${n}`);

  it("a request's statements go before all that waits, and wait for the statement that runs", async () => {
    const { request, ended, named } = started();
    const work = twenty.map(named);
    await request(async () => {
      await named("request 1");
      await named("request 2");
    });
    await Promise.all(work);
    expect(ended.slice(0, 3)).toEqual(["work 0", "request 1", "request 2"]);
    expect(ended.slice(3)).toEqual(twenty.slice(1));
  });

  it("a request waits for the end of the transaction that runs, and other transactions wait for it", async () => {
    const { sql, request, ended, named } = started();
    const swap = async (name: string) =>
      transaction(sql, async (tx) => {
        for (let n = 0; n < 3; n += 1) await tx`insert into notes values (${name})`;
        ended.push(name);
      });
    const swaps = ["swap 1", "swap 2"].map(swap);
    await request(async () => named("request"));
    await Promise.all(swaps);
    expect(ended).toEqual(["swap 1", "request", "swap 2"]);
    expect(await database.sql`select count(*)::int as notes from notes`).toEqual([{ notes: 6 }]);
  });

  it("other work takes its turn while a request waits for something else", async () => {
    const { request, ended, named } = started();
    let embedded = () => {};
    const embedding = new Promise<void>((resolve) => (embedded = resolve));
    const searching = request(async () => {
      await named("request 1");
      await embedding;
      await named("request 2");
    });
    await Promise.all(twenty.map(named));
    embedded();
    await searching;
    expect(ended).toEqual(["request 1", ...twenty, "request 2"]);
  });

  it("other work takes its turn after a second, however many requests there are", async () => {
    let time = 0;
    const { request, ended, named } = started(() => time);
    const requests = twenty.map((name) =>
      request(async () => {
        await named(`request of ${name}`);
        time = 1000;
      }),
    );
    await Promise.all([...requests, named("work")]);
    expect(ended).toHaveLength(21);
    expect(ended.indexOf("work")).toBeLessThan(3);
  });

  it("a statement that fails lets the next one run", async () => {
    const { sql, request, ended, named } = started();
    const failing = expect(sql`select nonsense`).rejects.toThrow("nonsense");
    const rolledBack = expect(transaction(sql, async (tx) => tx`select more_nonsense`)).rejects.toThrow(
      "more_nonsense",
    );
    await request(async () => named("request"));
    await Promise.all([failing, rolledBack]);
    await named("work");
    expect(ended).toEqual(["request", "work"]);
  });

  it("a nested transaction and a query on the root client inside a transaction throw, in turn as well", async () => {
    const { sql, named } = started();
    const waiting = named("work");
    const nested = transaction(sql, async () => transaction(sql, async () => {}));
    await expect(nested).rejects.toThrow("Nested transaction");
    await expect(transaction(sql, async () => sql`select 1`)).rejects.toThrow(
      "root client inside a transaction",
    );
    await waiting;
    // Outside of any again.
    await expect(
      transaction(sql, async (tx: postgres.TransactionSql) => tx`select 1 as one`),
    ).resolves.toEqual([{ one: 1 }]);
  });

  it("fragments and helpers are no statements, and results are as usual", async () => {
    const { sql } = started();
    const one = sql`and note = ${"a"}`;
    await sql`select * from notes where true ${one} and note in ${sql(["a", "b"])}`;
    const [row] = await sql.unsafe("select $1::int as two", [2]);
    expect(row).toEqual({ two: 2 });
  });
});
