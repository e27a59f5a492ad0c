import { spawn } from "node:child_process";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { UsageError } from "#infra/local/runner/command-options.ts";
import { defineCommand, runCommand } from "#infra/local/runner/run-command.ts";
import { readFindings, seedIn, type Finding } from "./earlier-findings.ts";
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
    earlier: {
      type: "text",
      value: "FILE",
      description: "output of an earlier run: what found a bug is tried first",
    },
  },
  run: async ({ only, runs, part, earlier }) => {
    const named = ALL_PLANTED_BUGS.filter((bug) => bug.name.includes(only));
    if (named.length === 0) throw new UsageError(`--only ${only} is in the name of no planted bug`);
    const bugs = partOf(named, part);
    const findings = earlier === undefined ? new Map<string, Finding>() : await readFindings(earlier);
    let missed = 0;
    for (const bug of bugs) {
      const started = performance.now();
      const found = await lookFor(bug, { runs, earlier: findings.get(bug.name) ?? {} });
      const seconds = Math.round((performance.now() - started) / 1000);
      if (!found) missed += 1;
      console.log(
        JSON.stringify({ bug: bug.name, found: found !== null, seconds, ...(found ?? { by: null }) }),
      );
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

/** What revealed the bug: a history's violation, or a test that failed. */
type Found = { by: string; testName?: string };
type Search = { runs: number; earlier: Finding };

/** What found the bug; null if nothing did. */
async function lookFor(bug: PlantedBug, { runs, earlier }: Search): Promise<Found | null> {
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
    const { test } = bug;
    if (test === undefined)
      return (await failsAgain(folder, bug, earlier)) ?? (await failsWithin(folder, bug, runs));
    const again = earlier.testName === undefined ? null : await failsIn(folder, test, earlier.testName);
    return again ?? (await failsIn(folder, test));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function failsAgain(folder: string, bug: PlantedBug, { seed }: Finding): Promise<Found | null> {
  return seed === undefined ? null : failing(folder, bug, ["--runs", "1", "--seed", seed, "--workers", "1"]);
}

function failsWithin(folder: string, bug: PlantedBug, runs: number): Promise<Found | null> {
  return failing(folder, bug, ["--runs", String(runs), "--workers", "2"]);
}

/** The first history among these that fails with the bug, and does not fail without it. */
async function failing(folder: string, bug: PlantedBug, range: readonly string[]): Promise<Found | null> {
  const output = await simulate(folder, range);
  const line = output.split("\n").find((one) => one.startsWith("seed "));
  const seed = seedIn(line ?? "");
  if (line === undefined || seed === undefined) return null;
  // A history that also fails without the bug has found another bug, which must be fixed first.
  const without = await simulate(process.cwd(), ["--runs", "1", "--seed", seed, "--workers", "1"]);
  if (without.includes("seed "))
    throw new Error(`Seed ${seed} fails without "${bug.name}" as well:\n${without}`);
  return { by: line };
}

/** A test that takes this long never ends: with its bug, a listing turns in a circle. Otherwise the slowest takes a tenth of it. */
const LONGEST_TEST_MS = 180_000;

/** The failure in the file, of its test of that name if one is given, or null. A test that does not run has found nothing. */
async function failsIn(folder: string, test: string, testName?: string): Promise<Found | null> {
  const args = [
    join("node_modules", ".bin", "vitest"),
    "run",
    "--config",
    "test/vitest.config.ts",
    "--bail=1",
    ...(testName === undefined ? [] : ["--testNamePattern", `^${literally(testName)}$`]),
    test,
  ];
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (data: Buffer) => output.push(data.toString()));
  const limit = setTimeout(() => child.kill("SIGKILL"), LONGEST_TEST_MS);
  const code = await new Promise<number | null>((resolve) => child.once("exit", resolve));
  clearTimeout(limit);
  if (code === 0) return null;
  if (child.signalCode === "SIGKILL") return { by: `${test}: did not end` };
  const text = stripVTControlCharacters(output.join(""));
  const failed = /[0-9]+ failed/.exec(text)?.[0];
  // A file that cannot be loaded fails without a test.
  if (!failed || /Tests +no tests/.test(text)) throw new Error(`${test} does not run:\n${text.slice(-2000)}`);
  const name = nameOfFailure(text);
  return { by: `${test}: ${failed}`, ...(name === undefined ? {} : { testName: name }) };
}

/** A pattern that matches just this text. */
function literally(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}

/** As `--testNamePattern` reads it: the titles that contain the test, and its own, with a space between. */
function nameOfFailure(output: string): string | undefined {
  const line = output.split("\n").find((one) => /^\s*FAIL .* > /.test(one));
  return line?.split(" > ").slice(1).join(" ").trimEnd();
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
