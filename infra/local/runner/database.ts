import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { PGlite, type Extensions } from "@electric-sql/pglite";
import { vector } from "@electric-sql/pglite-pgvector";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";

export type EmbeddedDatabase = {
  url: string;
  /** All its files now (a tar), to start other databases from. */
  image: () => Promise<Blob>;
  close: () => Promise<void>;
};

/**
 * PGlite with pgvector behind a socket, so that postgres.js talks to it as to any Postgres; in memory without `dataDir`.
 * It has ONE session: connect with `maxConnections: 1` (pglite-socket mixes up the extended protocol between several,
 * electric-sql/pglite pull request 977). Startup parameters are ignored, so the search path is set here.
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
  const server = new PGLiteSocketServer({ db, host: "127.0.0.1", port: 0 });
  await server.start();
  return {
    url: `postgres://postgres:postgres@${server.getServerConn()}/postgres`,
    image: () => db.dumpDataDir("none"),
    close: async () => {
      await server.stop();
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
