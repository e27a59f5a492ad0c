import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { PGlite, type Extensions } from "@electric-sql/pglite";
import { vector } from "@electric-sql/pglite-pgvector";
import type { DatabaseOptions } from "#shared/db/connect.ts";
import { embeddedConnections } from "./embedded-connection.ts";

export type EmbeddedDatabase = {
  /** How to connect to it, from this process only, with `maxConnections: 1`: it has ONE session. */
  address: Pick<DatabaseOptions, "url" | "socket">;
  /** All its files now (a tar), to start other databases from. */
  image: () => Promise<Blob>;
  close: () => Promise<void>;
};

/**
 * PGlite with pgvector, which postgres.js talks to as to any Postgres; in memory without `dataDir`. Startup parameters are ignored, so the
 * search path is set here.
 */
export async function startEmbeddedDatabase(options: {
  dataDir?: string;
  /** The initial files of a new database; default: empty. */
  image?: Blob | undefined;
  schema: string;
  /** Beside pgvector. */
  extensions?: Extensions;
}): Promise<EmbeddedDatabase> {
  if (options.dataDir) await makeDatabaseFolder(options.dataDir, options.image);
  const db = await PGlite.create({
    extensions: { vector, ...options.extensions },
    ...(options.dataDir ? { dataDir: options.dataDir } : {}),
    ...(options.image && !options.dataDir ? { loadDataDir: options.image } : {}),
  });
  await db.exec(`set search_path to "${options.schema}", public, extensions`);
  const connections = embeddedConnections(db);
  return {
    address: { url: "postgres://postgres@embedded/postgres", socket: connections.open },
    image: () => db.dumpDataDir("none"),
    close: async () => {
      await connections.close();
      await db.close();
    },
  };
}

/** A new folder gets its name when it is complete, so that a crash never leaves a folder that cannot be opened. */
async function makeDatabaseFolder(dataDir: string, image: Blob | undefined): Promise<void> {
  if (existsSync(dataDir)) return;
  const unfinished = `${dataDir}.new`;
  await rm(unfinished, { recursive: true, force: true });
  // PGlite creates world-writable files whatever the umask, so the folder itself is private.
  await mkdir(unfinished, { recursive: true, mode: 0o700 });
  const loaded = image ? { loadDataDir: image } : {};
  const db = await PGlite.create({ extensions: { vector }, dataDir: unfinished, ...loaded });
  await db.close();
  await rename(unfinished, dataDir);
}
