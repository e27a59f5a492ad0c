import { expect, it } from "vitest";
import type { ConfluenceClient } from "#shared/confluence/client.ts";
import type { Source } from "#shared/sources/sources.ts";
import { verifyAccount, verifySpace } from "#shared/syncs/listing/verify-site.ts";

const SOURCE = { accountId: "account-1", spaceKey: "DEMO", spaceId: "42" } as Source;
const siteOf = (accountId: string | null) => ({
  currentUser: async () => ({ accountId, timeZone: "Europe/Berlin" }) as never,
});
const spaceOf = (space: { id: string } | null) => {
  const asked: string[] = [];
  const client = {
    space: async (key: string) => {
      asked.push(key);
      return space;
    },
  } as unknown as ConfluenceClient;
  return { client, asked };
};

it("the account that a source was created with is trusted, and returned with its time zone", async () => {
  expect(await verifyAccount(siteOf("account-1"), SOURCE)).toEqual({
    accountId: "account-1",
    timeZone: "Europe/Berlin",
  });
});

it.each([
  ["anonymous", null, "credentials_rejected", "the API token is invalid"],
  ["another one", "account-2", "account_changed", "Set the token again (PATCH) to accept the new account"],
])("an account that is %s is trusted in nothing", async (_, accountId, code, message) => {
  const verifying = verifyAccount(siteOf(accountId), SOURCE);
  await expect(verifying).rejects.toMatchObject({ name: "PermanentError", code });
  await expect(verifying).rejects.toThrow(message);
});

it("a space is asked for by its key, and trusted while it has the id that it had", async () => {
  const { client, asked } = spaceOf({ id: "42" });
  await verifySpace(client, SOURCE);
  expect(asked).toEqual(["DEMO"]);
});

it.each([
  ["is gone", null],
  ["was made anew under the same key", { id: "43" }],
])("a space that %s is unavailable, which the message says with its key", async (_, space) => {
  const verifying = verifySpace(spaceOf(space).client, SOURCE);
  await expect(verifying).rejects.toMatchObject({ name: "PermanentError", code: "space_unavailable" });
  await expect(verifying).rejects.toThrow("Space DEMO is gone or not visible to the account");
});
