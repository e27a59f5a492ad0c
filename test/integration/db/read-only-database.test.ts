import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDatabase } from "#infra/local/runner/runner-database.ts";
import { localEnv } from "#infra/local/runner/runner-env.ts";
import { makeLog } from "#shared/log.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const log = makeLog(
  "silent",
  () => {},
  () => new Date(),
);

describe("a database that is opened for reading only", () => {
  let dataDir: string;
  // The embedded one of the folder, where no server is given.
  let server: TestDatabase | null = null;
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "read-only-"));
    if (process.env.DATABASE_URL) server = await createTestDatabase();
    await (await open({ readOnly: false })).close();
  });
  afterAll(async () => {
    await server?.close();
    await rm(dataDir, { recursive: true });
  });

  function open({ readOnly, schema = "confluence_sync" }: { readOnly: boolean; schema?: string }) {
    const env = localEnv({ DATABASE_URL: server?.address.url, DB_SCHEMA: schema }, dataDir);
    return openDatabase({ env, dataDir, log, readOnly });
  }

  it("a read-only database can be read and refuses writes", async () => {
    const { sql, close } = await open({ readOnly: true });
    expect(await sql`select count(*)::int as sources from archon_sources`).toEqual([{ sources: 0 }]);
    await expect(sql`delete from archon_sources`).rejects.toThrow("read-only transaction");
    await close();
  });

  it("a read-only database that lacks migrations is refused and not migrated", async () => {
    await expect(open({ readOnly: true, schema: "elsewhere" })).rejects.toMatchObject({
      code: "database_outdated",
      message: expect.stringMatching(
        /^Schema "elsewhere" lacks \d+ migrations .*npm start applies them/,
      ) as string,
    });
    const { sql, close } = await open({ readOnly: true });
    expect(await sql`select 1 from pg_namespace where nspname = 'elsewhere'`).toEqual([]);
    await close();
  });

  it("a read-only database that newer code has migrated is refused as by the service itself", async () => {
    const writable = await open({ readOnly: false });
    await writable.sql`insert into schema_migrations (name) values ('000777_future.sql')`;
    await writable.close();
    const refusal = async (readOnly: boolean) =>
      open({ readOnly }).then(
        async ({ close }) => close(),
        (error: unknown) => error,
      );
    const refused = await refusal(true);
    expect(refused).toMatchObject({
      code: "database_newer",
      message: expect.stringContaining("000777_future.sql") as string,
    });
    expect(refused).toEqual(await refusal(false));
  });
});
