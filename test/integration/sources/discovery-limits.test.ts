import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { chooseModel } from "#shared/embeddings/embedding-models.ts";
import { makeApiFixture, type ApiFixture } from "#test/support/api-fixture.ts";
import { connectSite, discoverAll } from "#test/support/connected-sites.ts";

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

const discover = () => discoverAll(fixture);
const pausedFor = async (of = path) => {
  const { body } = await fixture.api("GET", of);
  return body.paused_until === null ? 0 : Date.parse(body.paused_until) - fixture.clock.now().getTime();
};
const limited = () => fixture.site.faults.push({ effect: "rate_limit", retry_after: 600, times: 1, skip: 0 });

it("a 429 of the daily discovery pauses its site and no other, and is no failure", async () => {
  const other = await connectSite(fixture, { base_url: "https://other.atlassian.net" });
  limited();
  await discover();
  expect(await pausedFor()).toBeGreaterThanOrEqual(600_000);
  expect(await pausedFor(other)).toBe(0);
  expect((await fixture.api("GET", path)).body.warnings).toEqual([]);
});

it("a paused site is asked nothing, and discovered once the pause is over", async () => {
  limited();
  await discover();
  fixture.site.requests.length = 0;
  expect(await discover()).toMatchObject({ discovered: 0 });
  const asked = await fixture.api("POST", `${path}/discover`, { body: {} });
  expect([asked.status, asked.body.error.code]).toEqual([503, "confluence_rate_limited"]);
  expect(asked.body.error.details.retry_after_seconds).toBeGreaterThanOrEqual(600);
  expect(fixture.site.requests).toEqual([]);
  fixture.clock.advance(15 * 60_000);
  expect(await discover()).toMatchObject({ discovered: 1 });
});

it("a discovery that uses up the rate limit nearly pauses its site briefly", async () => {
  fixture.site.settings.rate_limit = { limit: 100, remaining: 3, near_limit: true, reset_in_seconds: 60 };
  expect(await discover()).toMatchObject({ discovered: 1 });
  expect(await pausedFor()).toBe(10_000);
});
