import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { PermanentError } from "#shared/errors.ts";
import { requireSource } from "#shared/sources/sources.ts";
import { expireCredentials } from "#shared/syncs/operations/expire-credentials.ts";
import { makeSyncWorld, SOURCE_ID, type SyncWorld } from "#test/support/sync-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const REFUSED = new PermanentError("credentials_expired", "Confluence refuses the token");

let database: TestDatabase;
let world: SyncWorld;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.clear();
  world = await makeSyncWorld(database.sql);
});
afterAll(() => database.close());

const read = async () => {
  const [site] = await database.sql<{ siteId: string; encryptedSecret: string | null; status: string }[]>`
    select site_id as "siteId", encrypted_secret as "encryptedSecret", status from confluence_sites`;
  if (!site) throw new Error("The source has no site");
  return site;
};
const events = () => database.sql`
  select event_type, detail from event_outbox where event_type = 'site.credentials_expired'`;
const lines = () => world.logged.filter(({ event }) => event === "site.credentials_expired");

it("refused credentials are marked, announced and logged once, however many workers are refused", async () => {
  const site = await read();
  await expireCredentials(site, REFUSED, world.outside);
  await expireCredentials(site, REFUSED, world.outside);
  expect((await read()).status).toBe("credentials_expired");
  expect((await requireSource(database.sql, SOURCE_ID)).status).toBe("credentials_expired");
  expect(await events()).toEqual([
    { event_type: "site.credentials_expired", detail: { site_id: site.siteId } },
  ]);
  expect(lines()).toEqual([
    { level: "error", event: "site.credentials_expired", fields: { site_id: site.siteId, error: REFUSED } },
  ]);
});

it("credentials that were replaced since they were used are not marked", async () => {
  const site = await read();
  await expireCredentials({ ...site, encryptedSecret: "the one before" }, REFUSED, world.outside);
  expect((await read()).status).toBe("active");
  expect([await events(), lines()]).toEqual([[], []]);
});

it("the credentials of another site stay as they are", async () => {
  const site = await read();
  await expireCredentials({ ...site, siteId: "another" }, REFUSED, world.outside);
  expect((await read()).status).toBe("active");
});
