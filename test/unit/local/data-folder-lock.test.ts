import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lockDataFolder } from "#infra/local/runner/data-folder-lock.ts";

describe("the lock on a data folder", () => {
  let parent: string;
  let folder: string;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), "lock-"));
    folder = join(parent, "data");
  });
  afterEach(() => rmSync(parent, { recursive: true }));

  it("is held by one at a time and free again after its release", () => {
    const lock = lockDataFolder(folder);
    expect(() => lockDataFolder(folder)).toThrow(expect.objectContaining({ code: "data_folder_locked" }));
    lock.release();
    lockDataFolder(folder).release();
  });

  it("names folder and process, and what to do", () => {
    const lock = lockDataFolder(folder);
    expect(() => lockDataFolder(folder)).toThrow(
      `The data folder ${folder} is in use by another runner (process ${process.pid}). Stop it first, or set DATA_DIR to another folder`,
    );
    lock.release();
  });

  it("keeps out another process, and ends with a process that was killed", async () => {
    const script = `
      const { lockDataFolder } = await import(process.argv[1]);
      globalThis.lock = lockDataFolder(process.argv[2]); // Unreferenced, it would end with a garbage collection.
      console.log("locked");
      setInterval(() => {}, 1000);`;
    const module = new URL("../../../infra/local/runner/data-folder-lock.ts", import.meta.url).href;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script, module, folder], {
      stdio: ["ignore", "pipe", "inherit"],
      cwd: join(import.meta.dirname, "../../.."),
    });
    await once(child.stdout, "data");
    expect(() => lockDataFolder(folder)).toThrow(`process ${child.pid}`);
    child.kill("SIGKILL");
    await once(child, "exit");
    lockDataFolder(folder).release();
  });

  it("says what to do when the folder cannot be made", () => {
    expect(() => lockDataFolder("/dev/null/data")).toThrow(/Set DATA_DIR to a folder that you may write to/);
  });
});
