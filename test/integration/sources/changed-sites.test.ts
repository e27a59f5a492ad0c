import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { warnOfExpiry } from "#shared/sites/token-expiry.ts";
import { makeApiFixture, type ApiFixture } from "#test/support/api-fixture.ts";
import { connectSite, SITES } from "#test/support/connected-sites.ts";

const DAY_MS = 24 * 60 * 60_000;

let fixture: ApiFixture;
let path: string;
beforeAll(async () => {
  fixture = await makeApiFixture();
});
beforeEach(async () => {
  await fixture.reset();
  path = await connectSite(fixture);
});
afterAll(() => fixture.close());

const site = async () => (await fixture.api("GET", path)).body;
const patch = (body: Record<string, unknown>) => fixture.api("PATCH", path, { body });

it.each([
  { api_token: "demo-token" },
  { limits: { max_pages: 1 } },
  { pulse: false },
  { token_expires_at: "2027-01-01T00:00:00.000Z" },
])("a dry run without a rule is refused and stores nothing: %j", async (fields) => {
  const before = await site();
  const answer = await patch({ dry_run: true, ...fields });
  expect([answer.status, answer.body.error.code]).toEqual([400, "invalid_request"]);
  expect(await site()).toEqual(before);
});

it("a token of an account that has a site of its own there is a conflict that names it", async () => {
  await fixture.database.sql`update confluence_sites set account_id = 'somebody-else'`;
  const other = await connectSite(fixture);
  const answer = await patch({ api_token: "demo-token" });
  expect([answer.status, answer.body.error.code, answer.body.error.details.site_id]).toEqual([
    409,
    "site_exists",
    other.slice(SITES.length + 1),
  ]);
  expect((await site()).account_id).toBe("somebody-else");
});

const inDays = (days: number) => new Date(fixture.clock.now().getTime() + days * DAY_MS).toISOString();
const warned = async () => (await warnOfExpiry(fixture.database.sql, fixture.clock.now())).length;

it("a token that a source's site is connected with is warned of, whatever the old one was warned of", async () => {
  await fixture.database.clear();
  await fixture.addSource();
  fixture.clock.advance(363 * DAY_MS);
  expect(await warned()).toBe(1);
  path = await connectSite(fixture, { token_expires_at: inDays(29) });
  expect([await warned(), await warned()]).toEqual([1, 0]);
  expect((await fixture.api("GET", SITES)).body.sites).toHaveLength(1);
});

it("client credentials in place of a token end with no date, and are not warned of, unless one is given", async () => {
  await patch({ token_expires_at: inDays(2) });
  fixture.site.settings.token_works_at = "gateway";
  const credentials = { client_id: "demo-client", client_secret: "demo-secret" };
  expect((await patch(credentials)).body).toMatchObject({
    credential_kind: "client_credentials",
    token_expires_at: null,
    warnings: [],
  });
  expect(await warned()).toBe(0);
  const given = inDays(90);
  expect((await patch({ client_secret: "demo-secret", token_expires_at: given })).body.token_expires_at).toBe(
    given,
  );
});
