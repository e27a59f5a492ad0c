import { fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createTestDatabase } from "#test/support/test-database.ts";
import { runHistory } from "./history.ts";
import { databaseResetter } from "./reset-database.ts";
import { describeFailure, shrinkHistory } from "./shrink.ts";

/**
 * `npm run simulate -- --runs 10000 [--seed N] [--rounds N] [--workers N]`: random histories of the whole system. Seeds are
 * consecutive; a seed that fails is shrunk and printed, and the exit status is 1.
 */
const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
    rounds: { type: "string", default: "6" },
    workers: { type: "string", default: String(Math.min(2, availableParallelism())) },
    "stop-at-first": { type: "boolean", default: false },
    "no-shrink": { type: "boolean", default: false },
  },
});
/** A history takes about a second: one that takes this long waits for what never comes. */
const LONGEST_HISTORY_MS = 120_000;
const runs = Number(values.runs);
const firstSeed = Number(values.seed);
const rounds = Number(values.rounds);
const workers = Number(values.workers);

// Ended, not left to end: the time limits of invocations that died would hold the process for another minute.
if (workers <= 1) process.exit((await simulate(firstSeed, runs)) ? 0 : 1);
else {
  const children = Array.from({ length: workers }, (_, n) => {
    const own = Math.ceil((runs - n) / workers);
    const args = [
      "--workers",
      "1",
      "--runs",
      String(own),
      "--seed",
      String(firstSeed + n * own),
      "--rounds",
      String(rounds),
    ];
    if (values["stop-at-first"]) args.push("--stop-at-first");
    if (values["no-shrink"]) args.push("--no-shrink");
    return fork(fileURLToPath(import.meta.url), args, { stdio: "inherit" });
  });
  const codes = await Promise.all(
    children.map(
      (child) =>
        new Promise<number>((resolve) => {
          child.once("exit", (code) => {
            if (code !== 0 && values["stop-at-first"]) for (const other of children) other.kill();
            resolve(code ?? 1);
          });
        }),
    ),
  );
  process.exitCode = codes.every((code) => code === 0) ? 0 : 1;
}

async function simulate(seed: number, count: number): Promise<boolean> {
  const database = await createTestDatabase({ maxConnections: 1 });
  const reset = databaseResetter(database);
  const started = performance.now();
  let failed = 0;
  let steps = 0;
  for (let n = 0; n < count; n += 1) {
    const options = { seed: seed + n, rounds };
    await reset();
    const watchdog = setTimeout(() => {
      console.log(`seed ${options.seed} does not end: something waits for ever`);
      process.exit(1);
    }, LONGEST_HISTORY_MS);
    const result = await runHistory(database.sql, options);
    clearTimeout(watchdog);
    steps += result.steps;
    if (result.violation) {
      failed += 1;
      const shrunk = values["no-shrink"]
        ? { options, result }
        : await shrinkHistory(database.sql, options, reset);
      console.log(describeFailure(shrunk.options, shrunk.result));
      if (values["stop-at-first"]) break;
    }
    if ((n + 1) % 100 === 0) report(n + 1);
  }
  report(count);
  await database.close();
  return failed === 0;

  function report(done: number): void {
    const seconds = Math.round((performance.now() - started) / 1000);
    console.log(JSON.stringify({ histories: done, failed, steps, seconds }));
  }
}
