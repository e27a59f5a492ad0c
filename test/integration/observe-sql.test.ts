import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { observeSql, type Statement } from "#infra/local/runner/observe-sql.ts";
import { guardRoot, transaction } from "#shared/db/connect.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

describe("an observed client", () => {
  let database: TestDatabase;
  let seen: Statement[] = [];
  let ended: number[] = [];
  beforeAll(async () => {
    database = await createTestDatabase();
    await database.sql`create table notes (note text)`;
  });
  afterAll(() => database.close());
  beforeEach(() => {
    seen = [];
    ended = [];
  });
  const observed = () =>
    guardRoot(
      observeSql(database.sql, {
        onStatement: (statement) => void seen.push(statement),
        onTransactionEnd: (number) => void ended.push(number),
      }),
    );

  it("an observed client reports each statement with its parameters, and returns results as usual", async () => {
    const sql = observed();
    expect([...(await sql`select ${1}::int as one`)]).toEqual([{ one: 1 }]);
    expect([...(await sql.unsafe("select $1::int as two", [2]))]).toEqual([{ two: 2 }]);
    await expect(sql`select 1 / ${0}::int`).rejects.toThrow("division by zero");
    expect(await sql`select nonsense`.catch(() => "caught")).toBe("caught");
    expect(seen.map(({ text, parameters }) => [text, parameters])).toEqual([
      ["select ?::int as one", [1]],
      ["select $1::int as two", [[2]]],
      ["select 1 / ?::int", [0]],
      ["select nonsense", []],
    ]);
    expect(seen.every((statement) => statement.transaction === null)).toBe(true);
  });

  it("an observed client does not count fragments and helpers", async () => {
    const sql = observed();
    const one = sql`and note = ${"a"}`;
    await sql`select * from notes where true ${one} and note in ${sql(["a", "b"])}`;
    expect(seen).toHaveLength(1);
  });

  it("an observed client reports a transaction's statements, its commit and its end", async () => {
    const sql = observed();
    await transaction(sql, async (tx) => {
      await tx`insert into notes values ('a')`;
      await tx.savepoint(async (inner) => inner`insert into notes values ('b')`);
    });
    expect(seen.map(({ text, transaction: number }) => [text, number])).toEqual([
      ["insert into notes values ('a')", 1],
      ["insert into notes values ('b')", 1],
      ["commit", 1],
      ["commit", 1],
    ]);
    expect(ended).toEqual([1]);
    await expect(
      transaction(sql, async (tx) => {
        await tx`insert into notes values ('c')`;
        throw new Error("no");
      }),
    ).rejects.toThrow("no");
    expect(ended).toEqual([1, 2]);
    expect([...(await sql`select note from notes order by note`)]).toEqual([{ note: "a" }, { note: "b" }]);
  });

  it("an observed client sends nothing before the observer has returned", async () => {
    const order: string[] = [];
    const sql = observeSql(database.sql, {
      onStatement: async () => {
        await new Promise((resolve) => setImmediate(resolve));
        order.push("observed");
      },
    });
    await sql`select 1`.then(() => order.push("answered"));
    expect(order).toEqual(["observed", "answered"]);
  });
});
