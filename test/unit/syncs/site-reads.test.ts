import { expect, it } from "vitest";
import type { ConfluenceClient } from "#shared/confluence/client.ts";
import { PermanentError, TransientError } from "#shared/errors.ts";
import type { Source } from "#shared/sources/source.ts";
import { readSitesOnce } from "#shared/syncs/rights/site-reads.ts";

const source = (more: Partial<Source> = {}) =>
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that tells sites apart
  ({ sourceId: "s1", siteId: "site", encryptedToken: "token", ...more }) as Source;

/** A site that fails as often as there are failures. */
function site(...failures: Error[]) {
  const calls: string[] = [];
  const answer = async <T>(call: string, value: T): Promise<T> => {
    calls.push(call);
    const failure = failures.shift();
    if (failure) throw failure;
    return value;
  };
  const client: Partial<ConfluenceClient> = {
    currentUser: async () => answer("account", { accountId: "a", displayName: null, timeZone: null }),
    spaceRoles: async () => answer("roles", []),
    countPages: async (cql) => answer(`count ${cql}`, 4),
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the calls that are made
  return { client: client as ConfluenceClient, calls };
}

it("account, roles and containers of a site are each read once for all its sources", async () => {
  const { client, calls } = site();
  const reads = readSitesOnce();
  const all = async (of: Source) => [
    (await reads.account(client, of)).accountId,
    await reads.roles(client, of),
    await reads.containers(client, of),
  ];
  expect(await all(source())).toEqual(["a", [], 4]);
  expect(await all(source({ sourceId: "s2" }))).toEqual(["a", [], 4]);
  expect(calls).toEqual(["account", "roles", expect.stringMatching(/^count .*folder/)]);
});

it("another site, other credentials, and a source without a site are read by themselves", async () => {
  const { client, calls } = site();
  const reads = readSitesOnce();
  const sources = [
    source(),
    source({ siteId: "other" }),
    source({ encryptedToken: "replaced" }),
    source({ siteId: null }),
    source({ siteId: null, sourceId: "s2" }),
  ];
  for (const of of sources) await reads.account(client, of);
  expect(calls).toHaveLength(5);
});

it("what failed for a while is read again by the next that asks", async () => {
  const failure = new TransientError("timeout", "no answer");
  const { client, calls } = site(failure);
  const reads = readSitesOnce();
  await expect(reads.account(client, source())).rejects.toBe(failure);
  expect((await reads.account(client, source())).accountId).toBe("a");
  expect(calls).toHaveLength(2);
});

it("what is refused is not asked for a second time", async () => {
  const failure = new PermanentError("forbidden", "no");
  const { client, calls } = site(failure);
  const reads = readSitesOnce();
  for (let n = 0; n < 2; n += 1) await expect(reads.roles(client, source())).rejects.toBe(failure);
  expect(calls).toEqual(["roles"]);
});

it("a site that does not answer is asked once where failures are kept", async () => {
  const failure = new TransientError("timeout", "no answer");
  const { client, calls } = site(failure);
  const reads = readSitesOnce("kept");
  for (let n = 0; n < 2; n += 1) await expect(reads.account(client, source())).rejects.toBe(failure);
  expect(calls).toEqual(["account"]);
});
