import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { UserError } from "#shared/errors.ts";

export type DataFolderLock = { release: () => void };

/** SQLite's result code for "another process holds the lock". */
const SQLITE_BUSY = 5;

/**
 * Makes this process the only user of a data folder, creating it if missing. Two processes on one PGlite folder corrupt it
 * without a word. The lock is the operating system's, held through an SQLite file: it ends with the process however that
 * dies, so that nothing stale is left behind, and a process id that was given to another program cannot mislead.
 * Throws `UserError` (`data_folder_locked`) when another process, or another runner in this one, holds it.
 */
export function lockDataFolder(folder: string): DataFolderLock {
  makeFolder(folder);
  const pidFile = join(folder, "runner.pid");
  const lock = new DatabaseSync(join(folder, "runner.lock"), { timeout: 0 });
  try {
    lock.exec("begin exclusive");
  } catch (error) {
    lock.close();
    if (!isBusy(error)) throw error;
    throw new UserError(
      409,
      "data_folder_locked",
      `The data folder ${folder} is in use by another runner (${holder(pidFile)}). Stop it first, or set DATA_DIR to another folder`,
      { cause: error },
    );
  }
  writeFileSync(pidFile, `${process.pid}\n`);
  return {
    release: () => {
      rmSync(pidFile, { force: true });
      lock.close();
    },
  };
}

function makeFolder(folder: string): void {
  try {
    // The API tokens' key lies in it.
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new UserError(
      500,
      "data_folder_unusable",
      `The data folder ${folder} cannot be made: ${error instanceof Error ? error.message : String(error)}. Set DATA_DIR to a folder that you may write to`,
      { cause: error },
    );
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === SQLITE_BUSY;
}

/** For the message only: the lock does not rely on it. */
function holder(pidFile: string): string {
  try {
    return `process ${readFileSync(pidFile, "utf8").trim()}`;
  } catch {
    return "its process id is not known";
  }
}
