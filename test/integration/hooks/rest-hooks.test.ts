import { afterAll, beforeAll, expect, it } from "vitest";
import { registerRestHooks, removeRestHooks } from "#infra/local/commands/rest-hooks.ts";
import { guardedFetch } from "#shared/confluence/guarded-fetch.ts";
import { eventually } from "#test/support/eventually.ts";
import {
  pageByTitle,
  startServiceWithSite,
  topicBody,
  type ServiceWithSite,
} from "#test/support/service-with-site.ts";

let world: ServiceWithSite;
let hook: { url: string; secret: string; path: string };
beforeAll(async () => {
  world = await startServiceWithSite({ pages: 2 });
  await world.sync();
  const { sites } = await call("GET", "/api/confluence/sites");
  const path = `/api/confluence/sites/${sites[0].site_id}/hooks`;
  hook = { ...(await call("POST", path, { kind: "rest" })), path };
  await registerRestHooks(admin(), { deliveriesTo: hook.url, secret: hook.secret });
});
afterAll(() => world.close());

// oxlint-disable-next-line typescript/no-explicit-any -- what a test asserts is its type
const call = async (method: string, path: string, body?: unknown): Promise<any> => {
  const headers = { "content-type": "application/json" };
  const sent = body === undefined ? { method } : { method, headers, body: JSON.stringify(body) };
  return (await fetch(world.runner.url + path, sent)).json();
};
/** What `npm run hook` uses. */
const admin = () => ({
  base: world.confluence.url,
  authorization: `Basic ${Buffer.from("ada@example.com:demo-token").toString("base64")}`,
  fetch: guardedFetch({ allowLoopback: true }),
});
const onSite = async (command: string, input: object) => {
  const url = `${world.confluence.url}/admin/${command}`;
  expect((await fetch(url, { method: "POST", body: JSON.stringify(input) })).status).toBe(200);
};
const deliveries = async () => (await call("GET", hook.path)).hooks[0].deliveries;
const found = async (query: string) => (await world.service.search(query, 1))[0]?.content ?? "";
const edit = (word: string) =>
  onSite("edit", { id: pageByTitle(world.confluence.site, "Topic 1").id, body: topicBody(1, word) });

it("an edit on a site whose REST hooks are registered is delivered, and found without a sync", async () => {
  await edit("quicksilver");
  await eventually(async () => expect(await found("quicksilver")).toContain("quicksilver"), {
    withinMs: 40_000,
  });
  expect(await deliveries()).toEqual({ received: 1, refused: 0, malformed: 0 });
});

it("a page that is trashed announces it too, and a site that loses its hooks' deliveries or removes them announces nothing", async () => {
  const before = (await deliveries()).received;
  await onSite("trash", { id: pageByTitle(world.confluence.site, "Topic 2").id });
  await eventually(async () => expect((await deliveries()).received).toBe(before + 1), { withinMs: 40_000 });
  await onSite("settings", { rest_hooks_fire: false });
  await edit("lost");
  expect(world.confluence.site.announcements).toEqual([]);
  await onSite("settings", { rest_hooks_fire: true });
  expect(await removeRestHooks(admin(), hook.url)).toBeGreaterThan(0);
  await edit("removed");
  expect(world.confluence.site.announcements).toEqual([]);
  expect((await deliveries()).received).toBe(before + 1);
});
