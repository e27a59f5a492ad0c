import { readdir, readFile } from "node:fs/promises";
import type { Migration } from "./migrate.ts";

/** The numbered files of a folder (`000001_sources.sql`), in order, as `migrate` takes them. */
export async function readMigrations(folder: URL): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => /^\d{6}_.+\.sql$/.test(name)).sort();
  if (names.length === 0) throw new Error(`No migrations in ${folder.pathname}`);
  return Promise.all(
    names.map(async (name) => ({ name, text: await readFile(new URL(name, folder), "utf8") })),
  );
}
