import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { addSpace } from "#infra/local/confluence-site/edits.ts";
import { startServiceWithSite, type ServiceWithSite } from "#test/support/service-with-site.ts";
import { openConsole, type Console } from "./browser.ts";
import { sendJson } from "./send-json.ts";

let service: ServiceWithSite;
let console: Console;
/** Of the same connection as `service.sourceId`. */
let secondId = "";

beforeAll(async () => {
  service = await startServiceWithSite({ pages: 2 });
  addSpace(service.confluence.site, { key: "OPS", name: "Operations" });
  const made = await api("POST", "/api/confluence/sources", {
    base_url: service.confluence.url,
    email: "sync@example.com",
    api_token: "demo-token",
    space_key: "OPS",
  });
  secondId = (made as { source_id: string }).source_id;
  console = await openConsole(service.runner.url);
});
afterAll(async () => {
  await console.close();
  await service.close();
});
afterEach(() => {
  if (console.errors.length > 0) throw new Error(console.errors.join("\n"));
});

const api = async (method: string, path: string, body?: unknown) =>
  (await sendJson(service.runner.url, method, path, body)).body;
const main = () => console.page.locator("main");
const button = (name: string) => console.page.getByRole("button", { name, exact: true });
const settings = (sourceId: string) => `#/sources/${sourceId}?tab=settings`;
const source = (sourceId: string) => api("GET", `/api/confluence/${sourceId}`);
const sites = async () => {
  const listed = (await api("GET", "/api/confluence/sites")) as { sites: Record<string, unknown>[] };
  return listed.sites;
};

describe("the settings of a source", () => {
  it("that somebody else changed since they were opened stay as they are when another one is saved", async () => {
    const { page } = console;
    await console.open(settings(service.sourceId));
    await page.getByLabel("Minutes between two syncs").fill("45");
    const { content } = (await source(service.sourceId)) as { content: Record<string, unknown> };
    await api("PATCH", `/api/confluence/${service.sourceId}`, {
      title: "Renamed",
      access: "per_user",
      content: { attachments: false },
    });
    await button("Save").click();
    await main().getByText("Saved.").waitFor();
    expect(await source(service.sourceId)).toMatchObject({
      title: "Renamed",
      sync_interval_minutes: 45,
      access: { mode: "per_user" },
      content: { ...content, attachments: false },
    });
    // What is shown is what is stored now.
    expect(await page.getByLabel("Title").inputValue()).toBe("Renamed");
    expect(await page.getByLabel("Files").isChecked()).toBe(false);
  });

  it("live checks end with access to each person, although their choice is hidden then", async () => {
    const { page } = console;
    await api("PATCH", `/api/confluence/${service.sourceId}`, { access: "per_user", verify: "live" });
    await console.open(settings(service.sourceId));
    await page.getByRole("combobox", { name: /^Search shows/ }).selectOption("everything");
    await button("Save").click();
    await main().getByText("Saved.").waitFor();
    expect(await source(service.sourceId)).toMatchObject({
      access: { mode: "everything", verify: "stored" },
    });
  });
});

describe("the token of a source", () => {
  it("is that of its connection: a new one makes all its sources active again", async () => {
    const [before] = await sites();
    service.confluence.site.settings.token = "second-token";
    await service.runner.services.sql`update confluence_sites set status = 'credentials_expired'`;
    expect(await source(secondId)).toMatchObject({ status: "credentials_expired" });
    await console.open(settings(service.sourceId));
    await main().getByText("It is for all of this connection: 2 sources.").waitFor();
    // Sent as a bearer token: the e-mail that is stored goes.
    await console.page.getByLabel("E-mail of its account").fill("");
    await console.page.getByLabel("New API token").fill("second-token");
    await button("Replace the token").click();
    await main().getByText("The new token works and is stored.").waitFor();
    for (const id of [service.sourceId, secondId])
      expect(await source(id)).toMatchObject({ status: "active", email: null });
    const after = await sites();
    expect(after).toHaveLength(1);
    expect(after[0]).toMatchObject({ site_id: before?.site_id, email: null, source_count: 2 });
  });

  it("of another account is used for all sources of the connection only when a person says so", async () => {
    const { page } = console;
    const { sql } = service.runner.services;
    const [known] = await sites();
    await sql`update confluence_sites set account_id = 'somebody-else'`;
    await console.open(settings(service.sourceId));
    await page.getByLabel("New API token").fill("second-token");
    await button("Replace the token").click();
    await main().getByText("These credentials are another account's").waitFor();
    expect(await console.faults()).toEqual([]);
    expect((await sites())[0]).toMatchObject({ account_id: "somebody-else" });
    await button("Use this account for 2 sources").click();
    await main().getByText("The new token works and is stored.").waitFor();
    expect(await sites()).toMatchObject([{ account_id: known?.account_id, source_count: 2 }]);
  });

  it("may become a client's id and secret, and such a secret is replaced", async () => {
    const { page } = console;
    await console.open(settings(service.sourceId));
    await page.getByRole("combobox", { name: /^Credentials/ }).selectOption("client_credentials");
    await page.getByRole("textbox", { name: "Client id" }).fill("demo-client");
    await page.getByLabel("New client secret").fill("wrong");
    await button("Replace the secret").click();
    await page.getByRole("alert").waitFor();
    await page.getByLabel("New client secret").fill("demo-secret");
    await button("Replace the secret").click();
    await main().getByText("is stored.").waitFor();
    expect(await sites()).toMatchObject([
      { credential_kind: "client_credentials", client_id: "demo-client", email: null, source_count: 2 },
    ]);
    await console.open(settings(secondId));
    expect(await page.getByRole("textbox", { name: "Client id" }).inputValue()).toBe("demo-client");
  });

  it("that ends soon is entered at a source of its own account", async () => {
    const { sql } = service.runner.services;
    await sql`
      insert into confluence_sites (site_id, base_url, api_base, account_id, email, encrypted_secret, secret_bound_to, created_at, updated_at)
      select 'other', base_url, api_base, 'other-account', 'other@example.com', encrypted_secret, secret_bound_to, created_at, updated_at
      from confluence_sites limit 1`;
    await sql`update archon_sources set site_id = 'other' where source_id = ${secondId}`;
    await sql`update confluence_sites set token_expires_at = now() + interval '2 days' where site_id = 'other'`;
    await console.open("#/");
    const link = console.page.getByRole("link", { name: /other@example\.com ?: Settings/ });
    expect(await link.getAttribute("href")).toBe(`#/sources/${secondId}?tab=settings`);
  });
});
