import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { HISTORIES } from "#test/support/depth.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { runHistory } from "./history.ts";
import { databaseResetter } from "./reset-database.ts";
import { describeFailure, shrinkHistory } from "./shrink.ts";

const ROUNDS = 6;
/** Another one each day would be a test that nobody can repeat. */
const FIRST_SEED = 1;

describe("random histories of the whole system", () => {
  let database: TestDatabase;
  let reset: () => Promise<void>;
  beforeAll(async () => {
    database = await createTestDatabase({ maxConnections: 1 });
    reset = databaseResetter(database);
  });
  beforeEach(() => reset());
  afterAll(() => database.close());

  it("histories with the same seed give the same trace", async () => {
    const first = await runHistory(database.sql, { seed: 7, rounds: ROUNDS });
    await reset();
    const second = await runHistory(database.sql, { seed: 7, rounds: ROUNDS });
    expect(second.traceHash).toBe(first.traceHash);
    await reset();
    expect((await runHistory(database.sql, { seed: 8, rounds: ROUNDS })).traceHash).not.toBe(first.traceHash);
  });

  for (let part = 0; part < 4; part += 1) {
    const count = Math.ceil(HISTORIES / 4);
    const from = FIRST_SEED + part * count;
    it(
      `random histories of the whole system keep every promise: seeds ${from} to ${from + count - 1}`,
      { timeout: 300_000 },
      async () => {
        for (let seed = from; seed < from + count; seed += 1) {
          await reset();
          const options = { seed, rounds: ROUNDS };
          const result = await runHistory(database.sql, options);
          if (result.violation) {
            const shrunk = await shrinkHistory(database.sql, { options, result }, reset);
            expect.fail(describeFailure(shrunk));
          }
        }
      },
    );
  }
});
