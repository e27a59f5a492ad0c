import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { UsageError } from "#infra/local/runner/command-options.ts";
import { readFindings } from "./earlier-findings.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "earlier-findings-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function printed(lines: readonly string[]): Promise<string> {
  const file = join(folder, "output.txt");
  await writeFile(file, lines.join("\n"));
  return file;
}

it("tells from an earlier run's output which seed or which test found a planted bug", async () => {
  const file = await printed([
    "> confluence-rag-sync@0.1.0 mutants",
    JSON.stringify({ bug: "no overlap", found: true, by: "seed 17, 6 rounds: Page 1 is gone" }),
    JSON.stringify({
      bug: "no limit",
      found: true,
      by: "test/a.test.ts: 1 failed",
      testName: "limits calls",
    }),
    JSON.stringify({ bug: "no end", found: false, by: null }),
    "",
  ]);
  expect(Object.fromEntries(await readFindings(file))).toEqual({
    "no overlap": { seed: "17" },
    "no limit": { testName: "limits calls" },
    "no end": {},
  });
});

it("refuses a file that is not the output of a run that looked for planted bugs", async () => {
  await expect(readFindings(join(folder, "absent.txt"))).rejects.toThrow("cannot be read");
  await expect(readFindings(await printed(['{"histories":100,"failed":0}']))).rejects.toThrow(UsageError);
  await expect(readFindings(await printed(["{ not JSON"]))).rejects.toThrow(
    "is not what this command prints",
  );
});
