import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { errorMessage, UserError } from "#shared/errors.ts";
import { closeToOthers, makeDataFolder, unusable } from "./data-folder.ts";

export type DataFolderLock = {
  /** How the user can fix the folder. */
  advice: string[];
  release: () => void;
};

/** SQLite's result code for "another process holds the lock". */
const SQLITE_BUSY = 5;
const PRIVATE = 0o600;

/**
 * Makes this process the only user of a data folder, creating it if missing, and makes its content private. Two processes on one
 * PGlite folder corrupt it silently. The lock is the operating system's, held through an SQLite file: it ends with the process however that
 * ends, so that no stale lock remains, and a reused process id cannot mislead.
 * Throws `UserError` (`data_folder_locked`) when another process, or another runner in this one, holds it.
 */
export function lockDataFolder(folder: string): DataFolderLock {
  makeDataFolder(folder);
  const pidFile = join(folder, "runner.pid");
  const advice = closeToOthers(folder);
  const lock = openLock(folder);
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
  writeFileSync(pidFile, `${process.pid}\n`, { mode: PRIVATE });
  return {
    advice,
    release: () => {
      rmSync(pidFile, { force: true });
      lock.close();
    },
  };
}

function openLock(folder: string): DatabaseSync {
  const file = join(folder, "runner.lock");
  try {
    // SQLite's journal takes the mode of the file.
    writeFileSync(file, "", { flag: "a", mode: PRIVATE });
    return new DatabaseSync(file, { timeout: 0 });
  } catch (error) {
    throw unusable(folder, `cannot be used: ${errorMessage(error)}`, error);
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
    return "process id unknown";
  }
}
