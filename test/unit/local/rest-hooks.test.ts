import { expect, it } from "vitest";
import { listRestHooks, registerRestHooks, removeRestHooks } from "#infra/local/commands/rest-hooks.ts";
import { fetchFrom } from "#infra/local/confluence-site/in-process-fetch.ts";
import { makeTestSite } from "#test/support/confluence-site.ts";

const HOOK = "https://sync.example.com/hooks/confluence/6f9619ff-8b86-4d01-b42d-00c04fc964ff";

function adminOf(token = "demo-token") {
  const { site } = makeTestSite({});
  const authorization = `Basic ${Buffer.from(`a@example.com:${token}`).toString("base64")}`;
  return { site, admin: { base: "https://demo.atlassian.net", authorization, fetch: fetchFrom(site) } };
}

it("REST hooks are registered one an event, with the secret in the query alone", async () => {
  const { site, admin } = adminOf();
  const events = await registerRestHooks(admin, { deliveriesTo: HOOK, secret: "s3cret" });
  expect(events).toContain("page_trashed");
  const made = [...site.restHooks.values()];
  expect(made.map((hook) => hook.events)).toEqual(events.map((event) => [event]));
  expect(new Set(made.map((hook) => hook.url))).toEqual(new Set([`${HOOK}?token=s3cret`]));
});

it("REST hooks are listed without their secret, and only those of this service are removed", async () => {
  const { site, admin } = adminOf();
  site.restHooks.set(99, {
    id: 99,
    name: "another product",
    url: HOOK,
    events: ["page_created"],
    enabled: true,
  });
  await registerRestHooks(admin, { deliveriesTo: HOOK, secret: "s3cret" });
  const listed = await listRestHooks(admin);
  expect(JSON.stringify(listed)).not.toContain("s3cret");
  expect(await removeRestHooks(admin, "https://elsewhere.example.com/x")).toBe(0);
  expect(await removeRestHooks(admin, HOOK)).toBe(listed.length);
  expect([...site.restHooks.keys()]).toEqual([99]);
});

it("a token that may not register REST hooks is reported with the route and its status", async () => {
  const { admin } = adminOf("wrong");
  await expect(registerRestHooks(admin, { deliveriesTo: HOOK, secret: "x" })).rejects.toThrow(
    /webhook returned 40[13].*administrator/,
  );
});
