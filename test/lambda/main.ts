import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startLocalDatabase } from "./local-database.ts";
import { measureBundles, printSizes } from "./bundle-sizes.ts";
import { measureColdStarts } from "./cold-starts.ts";
import { startDeployment } from "./deployment.ts";
import { measurePageMemory } from "./page-memory.ts";
import { runScenario } from "./scenario.ts";
import { toldChecks } from "#test/support/told-checks.ts";

/*
 * Runs what is deployed: the bundles of cdk.out as they are, under AWS's own Lambda runtime client (aws-lambda-ric), with the events
 * that API Gateway, SQS and EventBridge send, a real PostgreSQL and real queues. Prints sizes, cold starts and memory.
 */
const scratch = mkdtempSync(join(tmpdir(), "confluence-sync-lambda-"));
const LOG_FILE = "dist/lambda-functions.log";
const told = toldChecks();
const { check, failures } = told;
let goalsMissed = 0;

/** What the service aims at; missed, it is said, and is no failure of the function. */
function goal(name: string, reached: boolean): void {
  if (!reached) goalsMissed += 1;
  console.log(`${reached ? "goal reached" : "GOAL MISSED "}  ${name}`);
}

console.log("== synthesis");
execFileSync("npm", ["run", "-s", "synth"], { stdio: ["ignore", "ignore", "inherit"] });
const runtimeClient = join(
  execFileSync(".ci/install-lambda-runtime", {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  }).trim(),
  "node_modules/aws-lambda-ric",
);

console.log("\n== bytes of each bundle (kB, largest packages)");
const sizes = measureBundles();
printSizes(sizes);
await check("bundles hold only what their function uses", () => {
  const faults = sizes.flatMap((size) => size.faults);
  if (faults.length > 0) throw new Error(faults.join("; "));
});

const database = await startLocalDatabase(scratch);
const deployment = await startDeployment({ runtimeClient, database, scratch });
try {
  console.log("\n== every function, by the events that AWS sends");
  await runScenario(deployment, check);
  console.log("\n== cold starts (ms, best of 9; ratio to an empty handler in the same run)");
  await measureColdStarts(deployment, goal);
  console.log("\n== memory");
  await measurePageMemory(deployment, check, goal);
} finally {
  if (failures.length > 0) {
    writeFileSync(LOG_FILE, deployment.logs());
    console.log(`\nWhat the functions wrote is in ${LOG_FILE}`);
  }
  await deployment.close();
  await database.close();
  rmSync(scratch, { recursive: true, force: true });
}
console.log(`\n${told.passed} passed, ${failures.length} failed, ${goalsMissed} goals missed`);
process.exitCode = failures.length === 0 ? 0 : 1;
