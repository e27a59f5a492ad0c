import type { Context } from "aws-lambda";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { fetchFrom } from "#infra/local/confluence-site/in-process-fetch.ts";
import { handler as discoverAll } from "#functions/sync/discover-spaces.ts";
import { withServices, type Services } from "#functions/runtime/services.ts";
import { chooseModel } from "#shared/embeddings/embedding-models.ts";
import { makeApiFixture, type ApiFixture } from "#test/support/api-fixture.ts";
import { changing, clientOf } from "#test/support/confluence-site.ts";

const SITES = "/api/confluence/sites";
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
  path = `${SITES}/${await connect("https://acme.atlassian.net")}`;
  fixture.clock.advance(DAY_MS + 1000);
});
afterAll(() => fixture.close());

const connect = async (base_url: string) => {
  const body = { base_url, email: "sync@example.com", api_token: "demo-token" };
  const answer = await fixture.api("POST", SITES, { body });
  expect(answer.status, answer.text).toBe(201);
  return String(answer.body.site_id);
};
/** The half-hourly discovery, with so much time. */
const discover = (changed: Partial<Services> = {}, remainingMs = 60_000) => {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all of the context that the function looks at
  const context = { getRemainingTimeInMillis: () => remainingMs } as Context;
  return withServices({ ...fixture.services, ...changed }, () => discoverAll({}, context));
};
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
