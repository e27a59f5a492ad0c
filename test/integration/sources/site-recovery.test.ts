import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { fetchFrom } from "#infra/local/confluence-site/in-process-fetch.ts";
import type { Services } from "#functions/runtime/services.ts";
import { discoverSpaces, type DiscoveryServices } from "#shared/sites/discover.ts";
import { restoreCredentials } from "#shared/sites/restore-credentials.ts";
import { listDueSources } from "#shared/sources/sources.ts";
import { chooseModel } from "#shared/embeddings/embedding-models.ts";
import { makeApiFixture, type ApiFixture } from "#test/support/api-fixture.ts";
import { changing, clientOf } from "#test/support/confluence-site.ts";
import { connectSite, discoverAll, SITES } from "#test/support/connected-sites.ts";

const DAY_MS = 24 * 60 * 60_000;

let fixture: ApiFixture;
let path: string;
beforeAll(async () => {
  fixture = await makeApiFixture();
});
beforeEach(async () => {
  await fixture.reset();
  const { model, dimensions } = fixture.embedder;
  await chooseModel(fixture.database.sql, { model, dimensions, now: fixture.clock.now() });
  path = await connectSite(fixture);
  fixture.clock.advance(DAY_MS + 1000);
});
afterAll(() => fixture.close());

const discover = (changed?: Partial<Services>, remainingMs?: () => number) =>
  discoverAll(fixture, changed, remainingMs);
const site = async (of = path) => (await fixture.api("GET", of)).body;

it("an odd response about the account expires no credentials, and the next discovery goes on", async () => {
  const answering = changing(fetchFrom(fixture.site), (text, url) =>
    url.includes("user/current") ? '{"statusCode":500}' : text,
  );
  const confluence: Services["confluence"] = ({ baseUrl, email, apiToken }) =>
    clientOf(fixture.site, { baseUrl, email, apiToken, fetch: answering });
  expect(await discover({ confluence })).toMatchObject({ discovered: 0 });
  expect(await site()).toMatchObject({ status: "active", warnings: [{ code: "discovery_failed" }] });
  expect(await discover()).toMatchObject({ discovered: 1 });
  expect(await site()).toMatchObject({ status: "active", warnings: [] });
});

const refuse = (times: number) =>
  fixture.site.faults.push({ effect: "status", status: 401, retry_after: null, times, skip: 0 });
const asked = () => fixture.site.requests.splice(0).map((request) => request.path);
const isSynced = async () => (await listDueSources(fixture.database.sql, fixture.clock.now())).length > 0;

it("credentials that Confluence refused once by mistake work again by the next discovery, for the sources too", async () => {
  refuse(1);
  await discover();
  expect([(await site()).status, await isSynced()]).toEqual(["credentials_expired", false]);
  expect(await discover()).toMatchObject({ restored: 1 });
  expect([(await site()).status, await isSynced()]).toEqual(["active", true]);
  expect(fixture.logLines().filter(({ event }) => event === "site.credentials_restored")).toHaveLength(1);
  expect(await discover()).toMatchObject({ discovered: 1, restored: 0 });
  expect((await site()).warnings).toEqual([]);
});

it("credentials that are still refused cost one call each half hour, and tell nobody again", async () => {
  fixture.site.settings.token = "rotated";
  await discover();
  const told = async () => (await fixture.database.sql`select 1 from event_outbox`).length;
  const before = await told();
  asked();
  for (let n = 0; n < 3; n += 1) expect(await discover()).toMatchObject({ restored: 0 });
  expect(asked()).toEqual(Array.from({ length: 3 }, () => "/wiki/rest/api/user/current"));
  expect((await site()).status).toBe("credentials_expired");
  expect(await told()).toBe(before);
});

it("refused credentials that belong to another account by now stay refused", async () => {
  refuse(1);
  await discover();
  await fixture.database.sql`update confluence_sites set account_id = 'somebody-else'`;
  expect(await discover()).toMatchObject({ restored: 0 });
  expect((await site()).status).toBe("credentials_expired");
});

it("a site that asks for a pause when its credentials are tried again is asked nothing until it is over", async () => {
  refuse(1);
  await discover();
  fixture.site.faults.push({ effect: "rate_limit", retry_after: 3600, times: 1, skip: 0 });
  await discover();
  asked();
  expect(await discover()).toMatchObject({ restored: 0 });
  expect(asked()).toEqual([]);
  fixture.clock.advance(2 * 3600_000);
  expect(await discover()).toMatchObject({ restored: 1 });
});

it("a site that uses up the time each half hour delays no other", async () => {
  const other = await connectSite(fixture, { base_url: "https://other.atlassian.net" });
  fixture.clock.advance(DAY_MS + 1000);
  await fixture.database.sql`
    update confluence_sites set account_id = 'somebody-else' where base_url = 'https://acme.atlassian.net'`;
  const before = (await site(other)).discovered_at;
  for (const isDiscovered of [false, true]) {
    asked();
    await discover({}, () => (fixture.site.requests.length > 0 ? 0 : 60_000));
    expect((await site(other)).discovered_at !== before).toBe(isDiscovered);
    fixture.clock.advance(30 * 60_000);
  }
  expect((await site()).warnings).toMatchObject([{ code: "discovery_failed" }]);
});

it("a site that does not respond is recorded as failed while there is time to", async () => {
  fixture.site.faults.push({ effect: "hang", path: "/wiki/api/v2/spaces", times: 1, skip: 0 });
  const { model } = fixture.embedder;
  const services = { ...fixture.services, newId: randomUUID, random: () => 0.5, model };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that a discovery uses
  const asking = discoverSpaces(path.slice(SITES.length + 1), services as DiscoveryServices, {
    withinMs: 20,
  });
  await expect(asking).rejects.toMatchObject({ code: "timeout" });
  expect((await site()).warnings).toMatchObject([{ code: "discovery_failed" }]);
});

it("a key that fails is what the site says of its discovery", async () => {
  const cipher: Services["cipher"] = {
    encrypt: async (token) => token,
    decrypt: async () => Promise.reject(new Error("The key is not available")),
  };
  expect(await discover({ cipher })).toMatchObject({ discovered: 0 });
  const [warning] = (await site()).warnings;
  expect(warning).toMatchObject({
    code: "discovery_failed",
    message: expect.stringContaining("The key is not available"),
  });
});

it.each([
  ["token_missing", () => fixture.database.sql`update confluence_sites set encrypted_secret = 'k1.lost'`],
  ["credentials_rejected", () => fixture.database.sql`update confluence_sites set account_id = 'somebody'`],
])("a discovery by request says what is wrong with the token: %s", async (code, spoil) => {
  await spoil();
  const answer = await fixture.api("POST", `${path}/discover`, { body: {} });
  expect([answer.status, answer.body.error.code]).toEqual([422, code]);
  expect((await site()).status).toBe("active");
});

it("an expired site that does not respond is waited for no longer than there is time", async () => {
  refuse(1);
  await discover();
  fixture.site.faults.push({ effect: "hang", times: 1, skip: 0 });
  const services = { ...fixture.services, random: () => 0.5 };
  const restore = async () =>
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that is used
    restoreCredentials(services as Parameters<typeof restoreCredentials>[0], () => 20);
  expect(await restore()).toBe(0);
  expect((await site()).status).toBe("credentials_expired");
});

describe("client credentials", () => {
  const EXCHANGE = "/oauth/token";
  let account: string;
  beforeEach(async () => {
    const credentials = { client_id: "demo-client", client_secret: "demo-secret" };
    account = await connectSite(fixture, {
      base_url: "https://other.atlassian.net",
      email: undefined,
      api_token: undefined,
      ...credentials,
    });
    fixture.site.requests.length = 0;
  });
  const discovery = () => fixture.api("POST", `${account}/discover`, { body: {} });
  const exchanges = () => asked().filter((one) => one === EXCHANGE).length;

  it("a token that is revoked before its end is replaced, and the call sent again, once", async () => {
    fixture.site.settings.token = "another";
    expect([(await discovery()).status, exchanges()]).toEqual([200, 1]);
    expect([(await discovery()).status, exchanges()]).toEqual([200, 0]);
    refuse(2);
    expect([(await discovery()).status, exchanges()]).toEqual([422, 1]);
    expect((await site(account)).status).toBe("credentials_expired");
  });

  it("a token that lacks a scope is not replaced", async () => {
    fixture.site.faults.push({ effect: "scope_missing", said_in: "body", times: 1, skip: 0 });
    expect([(await discovery()).status, exchanges()]).toEqual([422, 0]);
  });

  it.each([
    [404, "active"],
    [400, "credentials_expired"],
    [401, "credentials_expired"],
    [403, "credentials_expired"],
  ])("where the token endpoint returns %i, the site is %s", async (status, state) => {
    fixture.clock.advance(DAY_MS);
    fixture.site.faults.push({
      effect: "status",
      status,
      retry_after: null,
      path: EXCHANGE,
      times: 1,
      skip: 0,
    });
    expect((await discovery()).status).toBe(422);
    expect((await site(account)).status).toBe(state);
  });
});
