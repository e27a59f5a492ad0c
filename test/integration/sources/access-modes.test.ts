import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { AccessMode, NewSource } from "#shared/sources/source.ts";
import { insertSource, updateSource } from "#shared/sources/sources.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const NOW = new Date("2026-03-01T12:00:00.000Z");
const later = (minutes: number) => new Date(NOW.getTime() + minutes * 60_000);

const newSource: NewSource = {
  sourceId: "docs",
  title: "Docs",
  baseUrl: "https://acme.atlassian.net",
  spaceKey: "DOCS",
  spaceId: "10",
  spaceName: "Documentation",
  accountId: "account-1",
  email: "sync@example.com",
  encryptedToken: "ciphertext",
  syncIntervalMinutes: 60,
  searchLanguage: "english",
  embeddingModel: "test-model",
  deletionStrategy: "on_demand",
};

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(() => database.clear());
afterAll(() => database.close());

const update = (changes: Parameters<typeof updateSource>[2], minutes: number) =>
  updateSource(database.sql, "docs", changes, later(minutes));
/** When what pages show of others was last stored in another way; no client is told. */
const changedAt = async () => {
  const [row] = await database.sql<{ at: Date | null }[]>`
    select access_changed_at as at from archon_sources where source_id = 'docs'`;
  return row?.at;
};

const from = async (access: AccessMode) => {
  await insertSource(database.sql, { ...newSource, access }, NOW);
  await database.sql`update archon_sources set access_verified_at = ${NOW}, access_changed_at = ${NOW}`;
};
const to = async (access: AccessMode, minutes = 1) => {
  const { accessBefore, accessVerifiedAt } = await update({ access }, minutes);
  return { accessBefore, accessVerifiedAt, changedAt: await changedAt() };
};

it("rights that are carried over again were not looked after meanwhile: nothing of before counts", async () => {
  for (const mode of ["per_user", "unrestricted"] as const) {
    await from("everything");
    expect(await to(mode)).toEqual({ accessBefore: null, accessVerifiedAt: null, changedAt: later(1) });
    await database.clear();
  }
});

it("until the rights are read again after a change between modes, what both show is shown", async () => {
  await from("unrestricted");
  expect(await to("per_user")).toEqual({
    accessBefore: "unrestricted",
    accessVerifiedAt: NOW,
    changedAt: NOW,
  });
  // The same again changes nothing, and back is where it was.
  expect((await to("per_user", 2)).accessBefore).toBe("unrestricted");
  expect((await to("unrestricted", 3)).accessBefore).toBeNull();
});

it("a source that shows everything goes by no rights, neither these nor those before", async () => {
  await from("unrestricted");
  await to("per_user");
  expect(await to("everything", 2)).toEqual({
    accessBefore: null,
    accessVerifiedAt: NOW,
    changedAt: later(2),
  });
  expect((await to("everything", 3)).changedAt).toEqual(later(2));
});

it("another change of a source leaves its rights as they are", async () => {
  await from("unrestricted");
  await to("per_user");
  expect(await update({ title: "New" }, 2)).toMatchObject({
    access: "per_user",
    accessBefore: "unrestricted",
    accessVerifiedAt: NOW,
  });
  expect(await changedAt()).toEqual(NOW);
});
