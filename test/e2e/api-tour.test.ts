import { execFile } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { loadSite } from "#infra/local/confluence-site/load-site.ts";
import { SAMPLE_FOLDER } from "#infra/local/confluence-site/sample-folder.ts";
import { startConfluenceSite, type RunningSite } from "#infra/local/confluence-site/start.ts";
import type { LocalRunner } from "#infra/local/runner/start.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { startTestRunner } from "#test/support/local-runner.ts";

const run = promisify(execFile);
const root = new URL("../../", import.meta.url);

let confluence: RunningSite;
let runner: LocalRunner;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tour-"));
  const site = await loadSite(SAMPLE_FOLDER, { now: () => new Date(), random: Math.random });
  confluence = await startConfluenceSite({ site });
  runner = await startTestRunner({ services: { embedder: fakeEmbedder() } });
});
afterAll(async () => {
  await runner.close();
  await confluence.close();
  await rm(folder, { recursive: true });
});

it("the curl commands of the tour return what the tour shows", async () => {
  const document = await readFile(new URL("infra/tour.md", root), "utf8");
  const tour = /```sh\n([\s\S]*?)```/.exec(document)?.[1];
  if (!tour) throw new Error("infra/tour.md has no script");
  const script = tour
    .replace("http://127.0.0.1:3000", runner.url)
    .replace("http://127.0.0.1:4000", confluence.url)
    // What a reader sees one after the other is parted for the checks below.
    .replaceAll(/^(curl .*)$/gm, "$1; echo; echo ----");
  const { stdout } = await run("bash", ["-euo", "pipefail", "-c", script], {
    timeout: 100_000,
    env: { ...process.env, PATH: await pathWithCurl() },
  });
  const [status, question, edit, edited, trash, deleted, notModified, gone] = stdout.split("----\n");
  expect(JSON.parse(status ?? "")).toMatchObject({
    status: "completed",
    percent: 100,
    sync_metrics: { pages_added: 65, pages_failed: 0 },
  });
  expect(JSON.parse(question ?? "").results).toEqual([
    expect.objectContaining({
      title: "Backups and Restore",
      url: expect.stringContaining("/wiki/spaces/DEMO/pages/"),
      ancestors: expect.arrayContaining([expect.objectContaining({ title: "Engineering Handbook" })]),
    }),
  ]);
  expect(edit).toContain("Your First Week");
  expect(JSON.parse(edited ?? "").results[0]).toMatchObject({ title: "Your First Week" });
  expect(trash).toContain("trashed");
  expect(JSON.parse(deleted ?? "").pages).toEqual([
    expect.objectContaining({ title: "Your First Week", deleted_reason: "trashed", chunk_count: 0 }),
  ]);
  expect(notModified?.trim()).toBe("304");
  expect(gone?.trim()).toBe("");
  expect(await (await fetch(`${runner.url}/api/confluence/sources`)).json()).toMatchObject({ sources: [] });
}, 120_000);

/** The machine's curl, or a stand-in, and this Node. */
async function pathWithCurl(): Promise<string> {
  const path = `${dirname(process.execPath)}${delimiter}${process.env.PATH}`;
  try {
    await run("curl", ["--version"]);
    return path;
  } catch {
    const standIn = join(folder, "curl");
    const script = fileURLToPath(new URL("test/support/curl-for-tour.ts", root));
    await writeFile(standIn, `#!/bin/sh\nexec node ${script} "$@"\n`);
    await chmod(standIn, 0o755);
    return `${folder}${delimiter}${path}`;
  }
}
