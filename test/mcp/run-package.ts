import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A download of 110 MB may come before it. */
const TIMEOUT_MS = 300_000;

/** Runs a package's program at this version, without installing it here; returns its stdout. Throws with what it printed. */
export async function runPackage(spec: string, program: string, args: readonly string[]): Promise<string> {
  const command = ["exec", "--yes", "--ignore-scripts", `--package=${spec}`, "--", program, ...args];
  try {
    const { stdout } = await run("npm", command, { timeout: TIMEOUT_MS, maxBuffer: 32 * 1024 * 1024 });
    return stdout;
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`${program} failed: ${(stdout + stderr).slice(-4000)}`, { cause: error });
  }
}
