import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { lockDataFolder } from "#infra/local/runner/data-folder-lock.ts";
import { makeDataFolder } from "#test/support/data-folder.ts";
import { spawnNpm, type RunnerProcess } from "#test/support/runner-process.ts";

let dataDir: string;
let service: RunnerProcess | null = null;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "signals-"));
  await makeDataFolder(dataDir);
});
afterEach(async () => {
  await service?.endGroup("SIGKILL").catch(() => {});
  service = null;
});
afterAll(() => rm(dataDir, { recursive: true }));

async function start(): Promise<RunnerProcess> {
  const options = ["--port", "0", "--data-dir", dataDir];
  service = await spawnNpm("start", { PORT: "1", DATA_DIR: "/dev/null", LOG_LEVEL: "silent" }, options);
  expect((await fetch(`${service.url}/health`)).status).toBe(200);
  return service;
}

async function expectEnded(npm: RunnerProcess): Promise<void> {
  await expect(fetch(`${npm.url}/health`)).rejects.toThrow("fetch failed");
  // Removed by an orderly end only.
  expect(existsSync(join(dataDir, "runner.pid"))).toBe(false);
  lockDataFolder(dataDir).release();
}

describe("npm start", { timeout: 180_000 }, () => {
  it("npm start takes port and folder as options, and stops cleanly when only npm gets SIGTERM, as service managers send it", async () => {
    const npm = await start();
    expect(await npm.end("SIGTERM")).toEqual({ code: 0, signal: null });
    await expectEnded(npm);
  });

  it("npm start treats a Ctrl-C, which arrives from the terminal and from npm, as one signal", async () => {
    const npm = await start();
    expect(await npm.endGroup("SIGINT")).toEqual({ code: 0, signal: null });
    await expectEnded(npm);
  });

  it("npm start stops cleanly when npm is killed", async () => {
    const npm = await start();
    expect(await npm.end("SIGKILL")).toEqual({ code: null, signal: "SIGKILL" });
    await expectEnded(npm);
  });
});

describe("npm run confluence", () => {
  it.each(["SIGTERM", "SIGINT"] as const)("npm run confluence ends when only npm gets %s", async (signal) => {
    service = await spawnNpm("confluence", {}, ["--port", "0"]);
    expect(await service.end(signal)).toEqual({ code: 0, signal: null });
    await expect(fetch(`${service.url}/admin/settings`)).rejects.toThrow("fetch failed");
  });
});
