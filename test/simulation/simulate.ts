import { fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineCommand, runCommand } from "#infra/local/runner/run-command.ts";
import { createTestDatabase } from "#test/support/test-database.ts";
import { runHistory } from "./history.ts";
import { databaseResetter } from "./reset-database.ts";
import { describeFailure, shrinkHistory } from "./shrink.ts";

/** A history takes about a second: one in which nothing is computed for this long waits for what never comes. */
const LONGEST_WAIT_MS = 60_000;
/** Less than this of a core's time within LONGEST_WAIT_MS is nothing. */
const NOTHING_MS = 500;

type Settings = { rounds: number; stopAtFirst: boolean; shrink: boolean };

const command = defineCommand({
  name: "npm run simulate --",
  does: "Random histories of the whole system. A seed that fails is shrunk and printed, and the exit code is 1.",
  options: {
    runs: {
      type: "integer",
      value: "N",
      min: 1,
      default: 200,
      description: "histories, of consecutive seeds",
    },
    seed: { type: "integer", value: "N", min: 0, default: 1, description: "the first one's" },
    rounds: { type: "integer", value: "N", min: 1, default: 6, description: "rounds of a history" },
    workers: {
      type: "integer",
      value: "N",
      min: 1,
      default: Math.min(2, availableParallelism()),
      description: "processes at the same time",
    },
    "stop-at-first": { type: "flag", description: "ends with the first seed that fails" },
    "no-shrink": { type: "flag", description: "prints failing histories as they are" },
  },
  run: async ({ runs, seed, rounds, workers, "stop-at-first": stopAtFirst, "no-shrink": asItIs }) => {
    const settings: Settings = { rounds, stopAtFirst, shrink: !asItIs };
    if (workers > 1) return shareOut(workers, runs, seed, settings);
    // Ended, not left to end: the time limits of invocations that crashed would hold the process for another minute.
    process.exit((await simulate(seed, runs, settings)) ? 0 : 1);
  },
});

/** Runs the histories in as many processes; the exit code of all. */
async function shareOut(workers: number, runs: number, seed: number, settings: Settings): Promise<number> {
  const share = Math.ceil(runs / workers);
  const children = Array.from({ length: Math.ceil(runs / share) }, (_, n) => {
    const numbers = {
      workers: 1,
      runs: Math.min(share, runs - n * share),
      seed: seed + n * share,
      rounds: settings.rounds,
    };
    const args = Object.entries(numbers).flatMap(([name, value]) => [`--${name}`, String(value)]);
    if (settings.stopAtFirst) args.push("--stop-at-first");
    if (!settings.shrink) args.push("--no-shrink");
    return fork(fileURLToPath(import.meta.url), args, { stdio: "inherit" });
  });
  const codes = await Promise.all(
    children.map(
      (child) =>
        new Promise<number>((resolve) => {
          child.once("exit", (code) => {
            if (code !== 0 && settings.stopAtFirst) for (const other of children) other.kill();
            resolve(code ?? 1);
          });
        }),
    ),
  );
  return codes.every((code) => code === 0) ? 0 : 1;
}

async function simulate(seed: number, count: number, settings: Settings): Promise<boolean> {
  const database = await createTestDatabase({ maxConnections: 1 });
  const reset = databaseResetter(database);
  const started = performance.now();
  let failed = 0;
  let steps = 0;
  for (let n = 0; n < count; n += 1) {
    const options = { seed: seed + n, rounds: settings.rounds };
    await reset();
    const stopWatching = whenIdle(() => {
      console.log(`seed ${options.seed} does not end: something waits for ever`);
      process.exit(1);
    });
    const result = await runHistory(database.sql, options);
    stopWatching();
    steps += result.steps;
    if (result.violation) {
      failed += 1;
      const shrunk = settings.shrink
        ? await shrinkHistory(database.sql, { options, result }, reset)
        : { options, result };
      console.log(describeFailure(shrunk));
      if (settings.stopAtFirst) break;
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

/** Calls back when this process computes nothing; on a busy machine a history may take long and end all the same. */
function whenIdle(callback: () => void): () => void {
  let before = process.cpuUsage();
  const timer = setInterval(() => {
    const { user, system } = process.cpuUsage(before);
    if (user + system < NOTHING_MS * 1000) callback();
    before = process.cpuUsage();
  }, LONGEST_WAIT_MS);
  return () => clearInterval(timer);
}

// A process of `shareOut` ends with the one that started it.
process.once("disconnect", () => process.exit(1));
await runCommand(command);
