import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startEmbeddedDatabase } from "#infra/local/runner/database.ts";
import { migrateTestDatabase, TEST_SCHEMA } from "./migrated.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const cache = join(root, "node_modules/.cache/test-database");
/** What a migrated database follows from, beside everything in sql/. */
const MADE_BY = [
  "shared/db/migrate.ts",
  "shared/db/functions.ts",
  "infra/local/runner/database.ts",
  "package-lock.json",
];

let image: Promise<Blob> | undefined;

/** A migrated, empty embedded database to start others from; kept in node_modules/.cache until what makes it changes. */
export function embeddedImage(): Promise<Blob> {
  image ??= cachedImage();
  return image;
}

async function cachedImage(): Promise<Blob> {
  const name = `${await hashOfSources()}.tar`;
  const kept = await readFile(join(cache, name)).catch(() => null);
  if (kept) return new Blob([kept]);
  const made = await makeImage();
  await rm(cache, { recursive: true, force: true });
  await mkdir(cache, { recursive: true });
  // It gets its name when it is complete: another run may look for it at this moment.
  const unfinished = join(cache, randomUUID());
  await writeFile(unfinished, Buffer.from(await made.arrayBuffer()));
  await rename(unfinished, join(cache, name));
  return made;
}

async function makeImage(): Promise<Blob> {
  const embedded = await startEmbeddedDatabase({ schema: TEST_SCHEMA });
  const sql = await migrateTestDatabase(embedded.address);
  // A third of the files, which no test looks at.
  await sql`update pg_database set datistemplate = false where datname like 'template%'`;
  await sql`drop database template0`;
  await sql`drop database template1`;
  await sql.end();
  const made = await embedded.image();
  await embedded.close();
  return made;
}

async function hashOfSources(): Promise<string> {
  const sql = (await readdir(join(root, "sql"), { recursive: true })).filter((name) => name.endsWith(".sql"));
  const hash = createHash("sha256");
  for (const file of [...MADE_BY, ...sql.sort().map((name) => `sql/${name}`)]) {
    hash.update(`${file}\n`).update(await readFile(join(root, file)));
  }
  return hash.digest("hex").slice(0, 16);
}
