import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { UsageError } from "#infra/local/runner/command-options.ts";
import { defineCommand, runCommand } from "#infra/local/runner/run-command.ts";
import { summarize } from "./summary.ts";
import { TARGETS, TOO_SLOW, type Target } from "./targets.ts";

const STRYKER_VERSION = "10.1.1";
/** 60 MB that nothing else needs: not among the dependencies, and inside the project so that it finds the project's vitest. */
const INSTALLED = "dist/stryker";
const CORE = join(INSTALLED, "node_modules/@stryker-mutator/core");
const CACHE = "node_modules/.cache/stryker";

const command = defineCommand({
  name: "npm run mutate --",
  does: `Changes the code in small ways (StrykerJS) and runs the quickest tests that cover each change. One JSON line a folder: how many
changes the tests found, with the margin of the sample, and those that no test noticed. Results are kept until code or tests change.`,
  options: {
    only: { type: "text", value: "TEXT", default: "", description: "folders whose name contains this" },
    percent: {
      type: "integer",
      value: "N",
      min: 1,
      max: 100,
      default: 10,
      description: "share of changes tried",
    },
    seed: { type: "integer", value: "N", min: 1, default: 1, description: "which are tried" },
    workers: { type: "integer", value: "N", min: 1, default: 2, description: "processes at the same time" },
  },
  run: async ({ only, percent, seed, workers }) => {
    const targets = TARGETS.filter(({ folder }) => folder.includes(only));
    if (targets.length === 0)
      throw new UsageError(`--only ${only} is in the name of no folder that is mutated`);
    await install();
    for (const target of targets) {
      const report = await mutate(target, { percent, seed, workers });
      console.log(JSON.stringify({ folder: target.folder, ...summarize(report) }));
    }
    return 0;
  },
});

async function install(): Promise<void> {
  const manifest = join(CORE, "package.json");
  if (existsSync(manifest) && (await readFile(manifest, "utf8")).includes(`"${STRYKER_VERSION}"`)) return;
  await mkdir(INSTALLED, { recursive: true });
  await writeFile(join(INSTALLED, "package.json"), JSON.stringify({ private: true }));
  const packages = ["core", "vitest-runner"].map((name) => `@stryker-mutator/${name}@${STRYKER_VERSION}`);
  // The peer, vitest, is the project's own.
  await run("npm", ["install", "--prefix", INSTALLED, "--no-save", "--legacy-peer-deps", ...packages], {});
}

async function mutate(
  { folder, tests, without = [] }: Target,
  { percent, seed, workers }: { percent: number; seed: number; workers: number },
): Promise<string> {
  const name = `${folder.replaceAll("/", "-")}-${percent}-${seed}`;
  await mkdir(CACHE, { recursive: true });
  const report = join(CACHE, `${name}.report.json`);
  const options = {
    testRunner: "vitest",
    plugins: ["@stryker-mutator/vitest-runner", join(import.meta.dirname, "sample.ts")],
    mutate: [`${folder}/**/*.ts`, ...without.map((file) => `!${file}`)],
    // Wording of messages and logs: no test is to fix it.
    mutator: { excludedMutations: ["StringLiteral"] },
    checkers: ["sample"],
    vitest: { configFile: "test/mutation/vitest.config.ts", related: false },
    coverageAnalysis: "perTest",
    // Values made at import: each would run every test in a new process.
    ignoreStatic: true,
    concurrency: workers,
    timeoutMS: 20_000,
    timeoutFactor: 1.5,
    dryRunTimeoutMinutes: 60,
    // TypeScript 7 has no API for Stryker to rewrite a tsconfig with, and nothing here needs it rewritten.
    tsconfigFile: "none",
    ignorePatterns: ["/dist", "/cdk.out", "/.data"],
    incremental: true,
    incrementalFile: join(CACHE, `${name}.json`),
    reporters: ["json", "tell"],
    jsonReporter: { fileName: report },
    // Not below node_modules: Node runs no TypeScript there, such as the local embedder's thread.
    tempDirName: join(INSTALLED, "sandbox"),
  };
  const file = join(CACHE, `${name}.options.json`);
  await writeFile(file, JSON.stringify(options));
  await run(process.execPath, [join(CORE, "bin/stryker.js"), "run", file], {
    MUTATE_TESTS: tests.join(" "),
    MUTATE_WITHOUT: TOO_SLOW.join(" "),
    MUTATE_SHARE: String(percent / 100),
    MUTATE_SEED: String(seed),
  });
  return readFile(report, "utf8");
}

/** Its output goes to stderr: stdout has the results. */
async function run(
  program: string,
  args: readonly string[],
  variables: Record<string, string>,
): Promise<void> {
  const child = spawn(program, args, { stdio: ["ignore", 2, 2], env: { ...process.env, ...variables } });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`${program} ${args[0]} failed: its last lines above say why`);
}

await runCommand(command);
