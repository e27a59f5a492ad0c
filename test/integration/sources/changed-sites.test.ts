import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { makeApiFixture, type ApiFixture } from "#test/support/api-fixture.ts";

const SITES = "/api/confluence/sites";

let fixture: ApiFixture;
let path: string;
beforeAll(async () => {
  fixture = await makeApiFixture();
});
beforeEach(async () => {
  await fixture.reset();
  path = await connect();
});
afterAll(() => fixture.close());

const connect = async (fields: Record<string, unknown> = {}) => {
  const body = {
    base_url: "https://acme.atlassian.net",
    email: "sync@example.com",
    api_token: "demo-token",
    ...fields,
  };
  const answer = await fixture.api("POST", SITES, { body });
  expect(answer.status, answer.text).toBe(201);
  return `${SITES}/${answer.body.site_id}`;
};
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
  const other = await connect();
  const answer = await patch({ api_token: "demo-token" });
  expect([answer.status, answer.body.error.code, answer.body.error.details.site_id]).toEqual([
    409,
    "site_exists",
    other.slice(SITES.length + 1),
  ]);
  expect((await site()).account_id).toBe("somebody-else");
});
