import { afterAll, beforeAll, expect, it } from "vitest";
import { explainAccess } from "#shared/access/explain/explain-access.ts";
import { sweepSource } from "#shared/syncs/rights/sweep-source.ts";
import type { AccessMode } from "#shared/sources/source.ts";
import { makeAccessWorld, type AccessWorld } from "#test/support/access-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { SOURCE_ID } from "#test/support/sync-world.ts";

let database: TestDatabase;
let world: AccessWorld;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

/** A space that u, w and x read, with a page for u alone and one for all of them. Its rights and the site's groups were read. */
async function begin(access: AccessMode): Promise<void> {
  await database.clear();
  world = await makeAccessWorld(database.sql);
  world.add("Restricted", { users: ["u"] });
  world.add("Open");
  await world.sync();
  await world.sweep();
  if (access === "per_user") return;
  await patch(access);
  await world.minute("sweep-access");
}

const CHAT = { lambda: { name: "chat", scopes: ["search", "search:on-behalf-of"] } };

async function search(person: string | null) {
  const { status, body } = await world.api("POST", "/api/rag/query", {
    authorizer: CHAT,
    body: { query: "Open Restricted", ...(person === null ? {} : { on_behalf_of: { account_id: person } }) },
  });
  const titles = new Set<string>((body.results ?? []).map(({ title }: { title: string }) => title));
  return { status, body, titles: [...titles].toSorted() };
}
const finds = async (person: string | null) => (await search(person)).titles;
const patch = (access: AccessMode) =>
  world.api("PATCH", `/api/confluence/${SOURCE_ID}`, { body: { access } });
const access = async () => (await world.api("GET", `/api/confluence/${SOURCE_ID}`)).body.access;
const explained = async (title: string, accountId: string) =>
  explainAccess(database.sql, {
    sourceId: SOURCE_ID,
    pageId: world.page(title).id,
    accountId,
    now: world.now(),
    maxAgeMs: 4 * 60 * 60_000,
  });

it("shows people no more than everybody saw, until the rights were read again for each person", async () => {
  await begin("unrestricted");
  expect([await finds(null), await finds("v")]).toEqual([["Open"], ["Open"]]);

  await patch("per_user");
  expect(await access()).toMatchObject({ mode: "per_user", mode_before: "unrestricted" });
  expect([await finds("u"), await finds("v")]).toEqual([["Open"], []]);
  expect(await explained("Restricted", "u")).toMatchObject({
    modeBefore: "unrestricted",
    reason: "clause_refuses",
  });

  await world.minute("sweep-access");
  expect(await access()).toMatchObject({ mode: "per_user", mode_before: null });
  expect([await finds("u"), await finds("v")]).toEqual([["Open", "Restricted"], []]);
  expect(await explained("Restricted", "u")).toMatchObject({ modeBefore: null, isAllowed: true });
});

it("shows everybody nothing that only some saw, until the rights were read again for everybody", async () => {
  await begin("per_user");
  await patch("unrestricted");
  expect([await finds("u"), await finds("v")]).toEqual([["Open"], []]);
  expect(await search(null)).toMatchObject({
    status: 200,
    titles: [],
    body: { permissions: { mode: "unrestricted", withheld_sources: [SOURCE_ID] } },
  });
  expect(await explained("Open", "v")).toMatchObject({ modeBefore: "per_user", isAllowed: false });

  await world.minute("sweep-access");
  expect([await finds("u"), await finds("v"), await finds(null)]).toEqual([["Open"], ["Open"], ["Open"]]);
});

it("a mode that is changed back before a sweep shows what it showed", async () => {
  await begin("per_user");
  await patch("unrestricted");
  await patch("per_user");
  expect(await access()).toMatchObject({ mode: "per_user", mode_before: null });
  expect([await finds("u"), await finds("v")]).toEqual([["Open", "Restricted"], []]);
});

it("a sweep that was under way when the mode changed does not count as one after it", async () => {
  await begin("unrestricted");
  world.pass(15 * 60_000);
  const services = { ...world.outside, env: { ACCESS_SWEEP_MINUTES: 15 } };
  const steps = { maxSteps: 2, remainingMs: () => 60_000 };
  expect(await sweepSource(SOURCE_ID, services, steps)).toBe("more");
  await patch("per_user");
  expect(await access()).toMatchObject({ mode_before: "unrestricted", sweep: { started_at: null } });
  expect(await sweepSource(SOURCE_ID, services, steps)).toBe("more");
  expect(await finds("u")).toEqual(["Open"]);
});
