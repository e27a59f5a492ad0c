import { randomUUID } from "node:crypto";
import postgres from "postgres";
import { migrateTestDatabase } from "./migrated.ts";

/** A database on a server: `drop` also ends the connections to it. */
export type ServerDatabase = { name: string; url: string; drop: () => Promise<void> };

/** A new database on the server, a copy of `template` if one is named; the error says what to start when no server responds. */
export async function createDatabase(server: string, template?: string): Promise<ServerDatabase> {
  const name = `confluence_sync_test_${randomUUID().replaceAll("-", "")}`;
  const admin = postgres(server, { max: 1, onnotice: () => {} });
  try {
    await admin`create database ${admin(name)} template ${admin(template ?? "template1")}`;
  } catch (error) {
    throw new Error(
      "DATABASE_URL names no Postgres that can make databases. Start one with .ci/start-postgres, or unset DATABASE_URL to test on PGlite",
      { cause: error },
    );
  } finally {
    await admin.end();
  }
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    name,
    url: url.href,
    drop: async () => {
      const dropper = postgres(server, { max: 1, onnotice: () => {} });
      await dropper`drop database if exists ${dropper(name)} with (force)`;
      await dropper.end();
    },
  };
}

/** A migrated, empty database that others are copied from. */
export async function createTemplate(server: string): Promise<ServerDatabase> {
  const template = await createDatabase(server);
  await (await migrateTestDatabase({ url: template.url })).end();
  return template;
}
