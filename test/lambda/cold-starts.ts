import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Deployment } from "./deployment.ts";
import { startExecutionEnvironment } from "./execution-environment.ts";

/** The fastest of them counts: what else the machine does only ever adds. */
const RUNS = 9;
const GOAL = 3;

/** Initialises each bundle, and an empty handler for comparison, from nothing. */
export async function measureColdStarts(
  deployment: Deployment,
  goal: (name: string, reached: boolean) => void,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "confluence-sync-empty-"));
  writeFileSync(join(folder, "index.mjs"), "export const handler = async () => ({});\n");
  const [template] = deployment.functions;
  assert.ok(template);
  const empty = { ...template, name: "empty", directory: folder };
  const measured = new Map<string, number>();
  // Round by round, so that what else the machine does at a time touches all of them.
  for (let run = 0; run < RUNS; run += 1) {
    for (const deployed of [empty, ...deployment.functions]) {
      const environment = await startExecutionEnvironment(deployed, deployment.environment);
      await environment.stop();
      measured.set(deployed.name, Math.min(environment.initMs, measured.get(deployed.name) ?? Infinity));
    }
  }
  rmSync(folder, { recursive: true });
  const base = measured.get("empty") ?? Number.NaN;
  const slow: string[] = [];
  for (const [name, initMs] of [...measured].sort((a, b) => b[1] - a[1])) {
    const ratio = initMs / base;
    const first = deployment.pools.get(name)?.coldStarts.map(({ firstMs }) => firstMs) ?? [];
    const firstCall = first.length > 0 ? `   first call ${Math.round(median(first))}` : "";
    console.log(
      `${name.padEnd(24)} ${String(Math.round(initMs)).padStart(5)}   ×${ratio.toFixed(1)}${firstCall}`,
    );
    if (ratio > GOAL) slow.push(`${name} ×${ratio.toFixed(1)}`);
  }
  goal(
    `initialisation takes at most ${GOAL} times that of an empty handler${slow.length > 0 ? `: not ${slow.join(", ")}` : ""}`,
    slow.length === 0,
  );
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
