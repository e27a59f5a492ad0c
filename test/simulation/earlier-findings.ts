import { readFile } from "node:fs/promises";
import { z } from "zod";
import { UsageError } from "#infra/local/runner/command-options.ts";

/** What found a planted bug in an earlier run: the seed of a history, or the full name of a test. */
export type Finding = { seed?: string | undefined; testName?: string | undefined };

const line = z.object({ bug: z.string(), by: z.string().nullable(), testName: z.string().optional() });

/** By the name of the bug, from the lines that an earlier run printed. Throws `UsageError` where they are others. */
export async function readFindings(file: string): Promise<ReadonlyMap<string, Finding>> {
  const text = await readFile(file, "utf8").catch(() => {
    throw new UsageError(`--earlier ${file} cannot be read`);
  });
  const findings = new Map<string, Finding>();
  for (const json of text.split("\n").filter((one) => one.startsWith("{"))) {
    const { success, data } = line.safeParse(parsed(json));
    if (!success) throw new UsageError(`--earlier ${file} is not what this command prints`);
    findings.set(data.bug, { seed: seedIn(data.by ?? ""), testName: data.testName });
  }
  return findings;
}

/** The seed in the line that a failing history prints. */
export function seedIn(failure: string): string | undefined {
  return /^seed (\d+)/.exec(failure)?.[1];
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}
