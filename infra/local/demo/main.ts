import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadSite } from "#infra/local/confluence-site/load-site.ts";
import { SAMPLE_FOLDER } from "#infra/local/confluence-site/sample-folder.ts";
import { startConfluenceSite } from "#infra/local/confluence-site/start.ts";
import { defineCommand, runCommand } from "#infra/local/runner/run-command.ts";
import { stopOnSignal } from "#infra/local/runner/stop-signals.ts";
import { makeProgressBar } from "./progress-bar.ts";
import { printResult, toJson } from "./print-result.ts";
import { runDemo, type DemoResult } from "./run-demo.ts";

/** Exit code 0 only if every figure is as expected. `keep`: service and site go on until a signal ends them. */
async function demo({ json, keep }: { json: boolean; keep: boolean }): Promise<number> {
  // With --json stdout has only the one object.
  const out = json ? process.stderr : process.stdout;
  const bar = makeProgressBar(out, () => new Date());
  const dataDir = await mkdtemp(join(tmpdir(), "confluence-sync-demo-"));
  const kept = Promise.withResolvers<void>();
  let isKept = false;
  const ended = Promise.withResolvers<number>();
  stopOnSignal(() => {
    if (isKept) {
      kept.resolve();
      return ended.promise;
    }
    // The state of an interrupted demo is useless.
    rmSync(dataDir, { recursive: true, force: true });
    return 130;
  });
  const began = performance.now();
  const sample = await loadSite(SAMPLE_FOLDER, { now: () => new Date(), random: Math.random });
  const site = await startConfluenceSite({ site: sample });
  const print = (result: DemoResult) => {
    if (json) process.stdout.write(`${toJson(result, performance.now() - began)}\n`);
    else printResult(result, process.stdout);
  };
  try {
    const result = await runDemo({
      dataDir,
      site,
      report: {
        onMessage: (text) => void out.write(`${text}\n`),
        progress: (progress) => bar.show(progress),
        progressEnded: () => bar.end(),
      },
      writeLog: (line) => void process.stderr.write(`${line}\n`),
      afterwards: async (service, result) => {
        print(result);
        if (!keep) return;
        isKept = true;
        out.write(`\nConsole at ${service}/console · Confluence site at ${site.url} · Ctrl-C ends both\n`);
        await kept.promise;
      },
    });
    return result.problems.length === 0 ? 0 : 1;
  } finally {
    await site.close();
    await rm(dataDir, { recursive: true, force: true });
    ended.resolve(0);
  }
}

await runCommand(
  defineCommand({
    name: "npm run demo --",
    does: "The whole service and a sample Confluence site: syncs, edits, syncs again, and searches all the while. Takes a minute.",
    options: {
      json: {
        type: "flag",
        description: "one JSON object on stdout (with npm run -s) and nothing else there",
      },
      keep: {
        type: "flag",
        description:
          "leaves the service and the Confluence site running afterwards, with the console to look at",
      },
    },
    run: async ({ json, keep }) => demo({ json, keep }),
  }),
);
