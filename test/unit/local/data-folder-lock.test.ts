import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lockDataFolder } from "#infra/local/runner/data-folder-lock.ts";

const NOBODY = 65_534;

describe("the lock on a data folder", () => {
  let parent: string;
  let folder: string;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), "lock-"));
    folder = join(parent, "data");
  });
  afterEach(() => rmSync(parent, { recursive: true }));

  it("the data folder lock is held by one process at a time and free again after its release", () => {
    const lock = lockDataFolder(folder);
    expect(() => lockDataFolder(folder)).toThrow(expect.objectContaining({ code: "data_folder_locked" }));
    lock.release();
    lockDataFolder(folder).release();
  });

  it("the data folder lock names folder and process, and what to do", () => {
    const lock = lockDataFolder(folder);
    expect(() => lockDataFolder(folder)).toThrow(
      `The data folder ${folder} is in use by another runner (process ${process.pid}). Stop it first, or set DATA_DIR to another folder`,
    );
    lock.release();
  });

  it("the data folder lock keeps out another process, and ends with a killed process", async () => {
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

  it("the data folder lock says what to do when the folder cannot be created", () => {
    expect(() => lockDataFolder("/dev/null/data")).toThrow(/Set DATA_DIR to a writable folder/);
  });

  it("the data folder lock names folder, file and what to do when they are not writable", () => {
    mkdirSync(join(folder, "runner.lock"), { recursive: true });
    expect(() => lockDataFolder(folder)).toThrow(
      expect.objectContaining({
        code: "data_folder_unusable",
        message: expect.stringMatching(
          new RegExp(
            `^The data folder ${folder} cannot be used: .*${folder}/runner\\.lock.* Set DATA_DIR to`,
          ),
        ),
      }),
    );
  });

  it("the data folder lock names a folder that this user may not write to, and how to change that", () => {
    mkdirSync(folder);
    chmodSync(folder, 0o555);
    chmodSync(parent, 0o755);
    // A process of its own: a worker thread cannot change its user.
    const module = new URL("../../../infra/local/runner/data-folder-lock.ts", import.meta.url).href;
    const script = `import { lockDataFolder } from ${JSON.stringify(module)};
      if (process.geteuid() === 0) process.seteuid(${NOBODY});
      try { lockDataFolder(${JSON.stringify(folder)}); } catch (error) { process.stdout.write(error.message); }`;
    const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      cwd: join(import.meta.dirname, "../../.."),
      encoding: "utf8",
    });
    expect(stdout).toMatch(
      new RegExp(`^The data folder ${folder} cannot be used: EACCES.* \\(chown -R \\d+ ${folder}\\)$`),
    );
  });

  it("the data folder lock makes files of earlier versions private, and keeps the folder's own mode", () => {
    mkdirSync(join(folder, "database"), { recursive: true });
    writeFileSync(join(folder, "runner.pid"), "1");
    writeFileSync(join(folder, "runner.lock"), "");
    writeFileSync(join(folder, "of-somebody-else"), "");
    chmodSync(join(folder, "database"), 0o755);
    chmodSync(folder, 0o755);
    const lock = lockDataFolder(folder);
    expect(lock.advice).toEqual([]);
    const modes = Object.fromEntries(
      readdirSync(folder).map((name) => [name, statSync(join(folder, name)).mode & 0o777]),
    );
    expect(modes).toEqual({
      database: 0o700,
      "runner.pid": 0o600,
      "runner.lock": 0o600,
      "runner.lock-journal": 0o600,
      "of-somebody-else": 0o644,
    });
    expect(statSync(folder).mode & 0o777).toBe(0o755);
    lock.release();
  });

  it.each([
    [0o777, [expect.stringMatching(/^Other users may replace files in .*: run chmod go-w/)]],
    [0o1777, []],
  ])("the data folder lock warns about a folder of mode %o", (mode, advice) => {
    mkdirSync(folder);
    chmodSync(folder, mode);
    const lock = lockDataFolder(folder);
    expect(lock.advice).toEqual(advice);
    lock.release();
  });
});
