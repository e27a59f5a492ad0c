import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";
import { defineCommand } from "#infra/local/runner/run-command.ts";
import { BENIGN, HOSTILE_BODIES } from "./hostile-bodies.ts";

const CHILD = fileURLToPath(new URL("convert-hostile-body.ts", import.meta.url));
/** The memory of the function that converts pages, and the time that it has. */
const MEMORY_MB = 1024;
const CPU_SECONDS = 60;

const measurement = z.object({
  ended: z.string(),
  markdown_mb: z.number().optional(),
  chunks: z.number().optional(),
  cpu_seconds: z.number(),
  peak_mb: z.number(),
});

/**
 * One process each, beside a benign body of that size. On stderr a line a body as it ends; fails when one ends in anything but
 * Markdown or a clear error, or takes more than the function has.
 */
export const benchHostile = defineCommand({
  name: "npm run bench -- hostile",
  does: "Time and peak memory of converting and cutting bodies of 20 MB that are each the worst of something.",
  options: {},
  run: measure,
});

async function measure(): Promise<object> {
  const bodies: Record<string, z.infer<typeof measurement>> = {};
  for (const name of Object.keys(HOSTILE_BODIES)) {
    const { stdout } = await promisify(execFile)(process.execPath, [CHILD, name]);
    const measured = measurement.parse(JSON.parse(stdout));
    bodies[name] = measured;
    process.stderr.write(
      `${name.padEnd(30)}${measured.ended.padEnd(20)}${measured.cpu_seconds.toFixed(1).padStart(6)} s${String(measured.peak_mb).padStart(6)} MB\n`,
    );
  }
  const benign = bodies[BENIGN];
  const all = Object.values(bodies);
  const worst = (key: "cpu_seconds" | "peak_mb"): number => Math.max(...all.map((measured) => measured[key]));
  if (worst("peak_mb") > MEMORY_MB || worst("cpu_seconds") > CPU_SECONDS) process.exitCode = 1;
  return {
    bench: "hostile",
    worst_cpu_seconds: worst("cpu_seconds"),
    worst_cpu_ratio: Number((worst("cpu_seconds") / (benign?.cpu_seconds ?? 1)).toFixed(2)),
    worst_peak_mb: worst("peak_mb"),
    worst_peak_ratio: Number((worst("peak_mb") / (benign?.peak_mb ?? 1)).toFixed(2)),
    bodies,
  };
}
