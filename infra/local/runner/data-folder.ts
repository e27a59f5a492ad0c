import { accessSync, chmodSync, constants, mkdirSync, readdirSync, statSync, type Stats } from "node:fs";
import { join } from "node:path";
import { errorMessage, UserError } from "#shared/errors.ts";

/** Contents of the service's data folder, besides the key of the API tokens. */
const OWN = ["database", "database.new", "queues", "runner.lock", "runner.lock-journal", "runner.pid"];
/** Created private, and refused if it is not: whoever has read the key keeps it. */
const KEY = "token.key";

const OTHERS = 0o077;
const WRITABLE_BY_OTHERS = 0o022;
/** In a folder with this bit only the owner may rename or remove a file. */
const STICKY = 0o1000;

/**
 * Creates the folder (0700) if it is missing. Throws `UserError` (`data_folder_unusable`) when it, or what the service keeps in
 * it, may not be read and written.
 */
export function makeDataFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw unusable(folder, `cannot be created: ${errorMessage(error)}`, error);
  }
  for (const path of [folder, ...present(folder, [...OWN, KEY])]) {
    try {
      accessSync(path, constants.R_OK | constants.W_OK | (statSync(path).isDirectory() ? constants.X_OK : 0));
    } catch (error) {
      throw unusable(folder, `cannot be used: ${errorMessage(error)}`, error);
    }
  }
}

/** `problem` follows the folder's name. */
export function unusable(folder: string, problem: string, cause: unknown): UserError {
  const user = process.geteuid?.();
  return new UserError(
    500,
    "data_folder_unusable",
    `The data folder ${folder} ${problem}. Set DATA_DIR to a writable folder` +
      (user ? `, or make this user its owner (chown -R ${user} ${folder})` : ""),
    { cause },
  );
}

/**
 * Makes the service's files in the folder private; modes inside them do not matter then (PGlite creates world-writable files
 * whatever the umask). The folder itself is not changed: it may be a volume or /tmp. Returns the remaining problems.
 */
export function closeToOthers(folder: string): string[] {
  const left = present(folder, OWN)
    .filter((path) => !isClosed(path))
    .map((path) => `Other users of this machine may read ${path}, and its mode cannot be changed`);
  const { mode } = statSync(folder);
  if (mode & WRITABLE_BY_OTHERS && !(mode & STICKY))
    left.push(`Other users may replace files in ${folder}: run chmod go-w ${folder}`);
  return left;
}

function present(folder: string, names: readonly string[]): string[] {
  return readdirSync(folder)
    .filter((name) => names.includes(name))
    .map((name) => join(folder, name));
}

/** True on Windows, where modes have no meaning. */
function isClosed(path: string): boolean {
  const isOpen = ({ mode }: Stats) => process.platform !== "win32" && (mode & OTHERS) !== 0;
  const stats = statSync(path);
  if (!isOpen(stats)) return true;
  try {
    chmodSync(path, stats.mode & ~OTHERS);
  } catch {
    // Another user's, or a file system without modes: checked by its mode afterwards.
  }
  return !isOpen(statSync(path));
}
