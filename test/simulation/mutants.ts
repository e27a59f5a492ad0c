import { spawn } from "node:child_process";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UsageError } from "#infra/local/runner/command-options.ts";
import { defineCommand, runCommand } from "#infra/local/runner/run-command.ts";
import { ALL_PLANTED_BUGS } from "./planted/all.ts";
import type { PlantedBug } from "./planted-bugs.ts";

const COPIED = ["shared", "functions", "infra", "sql", "test", "package.json", "package-lock.json"];

const command = defineCommand({
  name: "npm run mutants --",
  does: `Plants one bug after the other in a copy of the project and lets the simulation (or, where the bug names one, a test) look for
it. One line each; exit 0 only when every one was found.`,
  options: {
    only: { type: "text", value: "TEXT", default: "", description: "bugs whose name contains this" },
    runs: { type: "integer", value: "N", min: 1, default: 1500, description: "histories that look for one" },
    part: { type: "text", value: "K/N", default: "1/1", description: "each Nth bug, from the Kth" },
  },
  run: async ({ only, runs, part }) => {
    const named = ALL_PLANTED_BUGS.filter((bug) => bug.name.includes(only));
    if (named.length === 0) throw new UsageError(`--only ${only} is in the name of no planted bug`);
    const bugs = partOf(named, part);
    let missed = 0;
    for (const bug of bugs) {
      const started = performance.now();
      const found = await lookFor(bug, runs);
      const seconds = Math.round((performance.now() - started) / 1000);
      if (!found) missed += 1;
      console.log(JSON.stringify({ bug: bug.name, found: found !== null, seconds, by: found }));
    }
    return missed === 0 ? 0 : 1;
  },
});

/** A part of the bugs, so that several processes or machines look for all of them together. */
function partOf(bugs: readonly PlantedBug[], part: string): PlantedBug[] {
  const [, k, n] = (/^(\d{1,3})\/(\d{1,3})$/.exec(part) ?? []).map(Number);
  if (!k || !n || k > n) throw new UsageError(`--part ${part} must be two numbers such as 1/2`);
  return bugs.filter((_, index) => index % n === k - 1);
}

/** The violation that revealed the bug; null if no history did. */
async function lookFor(bug: PlantedBug, runs: number): Promise<string | null> {
  const folder = await mkdtemp(join(tmpdir(), "planted-bug-"));
  try {
    for (const name of COPIED) await cp(name, join(folder, name), { recursive: true });
    await symlink(join(process.cwd(), "node_modules"), join(folder, "node_modules"));
    for (const { file, find, put } of bug.changes) {
      const text = await readFile(join(folder, file), "utf8");
      if (text.split(find).length !== 2)
        throw new Error(`"${bug.name}" does not fit ${file}: look at planted-bugs.ts`);
      await writeFile(
        join(folder, file),
        text.replace(find, () => put),
      );
    }
    if (bug.test) return await failsIn(folder, bug.test);
    const output = await simulate(folder, ["--runs", String(runs), "--workers", "2"]);
    const line = output.split("\n").find((one) => one.startsWith("seed "));
    const seed = /^seed (\d+)/.exec(line ?? "")?.[1];
    if (line === undefined || seed === undefined) return null;
    // A history that also fails without the bug has found another bug, which must be fixed first.
    const without = await simulate(process.cwd(), ["--runs", "1", "--seed", seed, "--workers", "1"]);
    if (without.includes("seed "))
      throw new Error(`Seed ${seed} fails without "${bug.name}" as well:\n${without}`);
    return line;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A test that takes this long never ends: with its bug, a listing turns in a circle. Otherwise the slowest takes a tenth of it. */
const LONGEST_TEST_MS = 180_000;

/** The test's failure, or null if it passes. A test that does not run has found nothing. */
async function failsIn(folder: string, test: string): Promise<string | null> {
  const args = [
    join("node_modules", ".bin", "vitest"),
    "run",
    "--config",
    "test/vitest.config.ts",
    "--bail=1",
    test,
  ];
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ["ignore", "pipe", "ignore"] });
  const output: string[] = [];
  child.stdout.on("data", (data: Buffer) => output.push(data.toString()));
  const limit = setTimeout(() => child.kill("SIGKILL"), LONGEST_TEST_MS);
  const code = await new Promise<number | null>((resolve) => child.once("exit", resolve));
  clearTimeout(limit);
  if (code === 0) return null;
  if (child.signalCode === "SIGKILL") return `${test}: did not end`;
  const failed = /[0-9]+ failed/.exec(output.join(""))?.[0];
  if (!failed) throw new Error(`${test} does not run:\n${output.join("").slice(-2000)}`);
  return `${test}: ${failed}`;
}

/** The output of the simulation of the project in `folder`; it ends at the first failing history, without shrinking. */
async function simulate(folder: string, range: readonly string[]): Promise<string> {
  const args = ["test/simulation/simulate.ts", ...range, "--stop-at-first", "--no-shrink"];
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  const output: string[] = [];
  child.stdout.on("data", (data: Buffer) => output.push(data.toString()));
  child.stderr.on("data", (data: Buffer) => output.push(data.toString()));
  const code = await new Promise<number | null>((resolve) => child.once("exit", resolve));
  const text = output.join("");
  if (code !== 0 && !text.includes("seed "))
    throw new Error(`The simulation itself failed:\n${text.slice(-2000)}`);
  return text;
}

await runCommand(command);
