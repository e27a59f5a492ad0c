import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";

export type SqlFile = { name: string; text: string };

/**
 * Numbered files (`000001_sources.sql`) are applied once; function files after them, and again whenever their text changes. Both
 * in the order of their names.
 */
export type Migrations = { numbered: readonly SqlFile[]; functions: readonly SqlFile[] };

/** In a bundle the files are beside the code; in the repository they have their own folder. */
function sqlFolder(): URL {
  const beside = new URL("./sql/", import.meta.url);
  return existsSync(beside) ? beside : new URL("../../sql/", import.meta.url);
}

/** The content of `sql/`, in the order in which `migrate` applies it. */
export async function readMigrations(folder = sqlFolder()): Promise<Migrations> {
  return {
    numbered: await readFiles(folder, /^\d{6}_.+\.sql$/),
    functions: await readFiles(new URL("functions/", folder), /\.sql$/),
  };
}

async function readFiles(folder: URL, pattern: RegExp): Promise<SqlFile[]> {
  const names = (await readdir(folder)).filter((name) => pattern.test(name)).sort();
  if (names.length === 0)
    throw new Error(`${folder.pathname} contains no file that matches ${pattern.source}`);
  return Promise.all(
    names.map(async (name) => ({ name, text: await readFile(new URL(name, folder), "utf8") })),
  );
}
