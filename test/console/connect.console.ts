import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { addPage, addSpace } from "#infra/local/confluence-site/edits.ts";
import { startServiceWithSite, type ServiceWithSite } from "#test/support/service-with-site.ts";
import { openConsole, type Console } from "./browser.ts";
import { sendJson } from "./send-json.ts";

let service: ServiceWithSite;
let console: Console;
let siteId = "";

const SITES = "/api/confluence/sites";
const api = async (method: string, path: string, body?: unknown) =>
  (await sendJson(service.runner.url, method, path, body)).body;
const keysOfSources = async () => {
  const listed = (await api("GET", "/api/confluence/sources")) as { sources: { space_key: string }[] };
  return listed.sources.map((one) => one.space_key).sort();
};

beforeAll(async () => {
  service = await startServiceWithSite({ pages: 2 });
  const { site, url } = service.confluence;
  for (const key of ["OPS", "HR", "LEGAL", "NEWS"]) {
    addSpace(site, { key, name: `Space ${key}` });
    addPage(site, { space: key, title: `About ${key}`, body: "<p>x</p>" });
  }
  const made = (await api("POST", SITES, {
    base_url: url,
    email: "sync@example.com",
    api_token: "demo-token",
    spaces: { include: ["NEWS"], exclude: ["HR", "LEGAL"] },
    defaults: { access: "everything" },
  })) as { site_id: string };
  siteId = made.site_id;
  console = await openConsole(service.runner.url);
});
afterAll(async () => {
  await console.close();
  await service.close();
});
afterEach(() => {
  if (console.errors.length > 0) throw new Error(console.errors.join("\n"));
});

const button = (name: string) => console.page.getByRole("button", { name, exact: true });

async function connect(fill: () => Promise<void>): Promise<void> {
  const { page } = console;
  await console.open("#/connect");
  await page.getByLabel("Address of the site").fill(service.confluence.url);
  await page.getByLabel("E-mail of the account").fill("sync@example.com");
  await page.getByLabel("API token").last().fill("demo-token");
  await fill();
  await button("Check").click();
  await button("Connect").click();
  await page.getByText("This account has connected the site already.").waitFor();
}

describe("spaces of a site that is connected already", () => {
  it("what is checked and the offer to add it go when the form changes", async () => {
    await connect(() => console.page.getByLabel("Space keys").fill("OPS"));
    await console.page.getByLabel("Space keys").fill("OPS, HR");
    await console.page
      .getByText("This account has connected the site already.")
      .waitFor({ state: "detached" });
    expect(await button("Show what would be added").count()).toBe(0);
    expect(await console.page.getByRole("alert").count()).toBe(0);
  });

  it("all but some: what the site or the form excludes stays out", async () => {
    const { page } = console;
    await connect(async () => {
      await page.getByRole("combobox", { name: /^Spaces/ }).selectOption("all");
      await page.getByLabel("But not these").fill("OPS");
    });
    await button("Show what would be added").click();
    // Everything has a source by now, or is excluded by one of both.
    await page.getByText("No space would be added").waitFor();
    const site = (await api("GET", `${SITES}/${siteId}`)) as { spaces?: { exclude: string[] } };
    expect(site.spaces?.exclude).toEqual(["HR", "LEGAL"]);
    expect(await keysOfSources()).toEqual(["NEWS", "TEAM"]);
  });

  it("one that the site excludes is named, and added when a person takes it out of the exclusions", async () => {
    const { page } = console;
    await connect(() => page.getByLabel("Space keys").fill("OPS, HR"));
    await button("Show what would be added").click();
    await page.getByText("Not added, because the site's rule excludes it: HR.").waitFor();
    await page.getByText("not as the form says: pages without view restrictions").waitFor();
    expect(await console.faults()).toEqual([]);
    const add = button("Add 1 space");
    expect(await add.getAttribute("aria-disabled")).toBe("true");
    await button("Take HR out of the exclusions").click();
    await button("Add 2 spaces").waitFor();
    await page.getByLabel("Add them with these settings of the site").check();
    await button("Add 2 spaces").click();
    await expect.poll(() => page.title()).toBe("Sources · Confluence sync");
    await page.getByRole("row", { name: /^Space HR/ }).waitFor();
    expect(await keysOfSources()).toEqual(["HR", "NEWS", "OPS", "TEAM"]);
    const site = (await api("GET", `${SITES}/${siteId}`)) as { spaces?: { exclude: string[] } };
    expect(site.spaces?.exclude).toEqual(["LEGAL"]);
  });

  it("above the site's limits wait, and it says so until a person approves them", async () => {
    const { page } = console;
    await api("PATCH", `${SITES}/${siteId}`, {
      limits: { max_pages: 1 },
      defaults: { access: "unrestricted" },
    });
    addPage(service.confluence.site, { space: "LEGAL", title: "More", body: "<p>y</p>" });
    await connect(() => page.getByLabel("Space keys").fill("LEGAL"));
    await button("Show what would be added").click();
    await button("Take LEGAL out of the exclusions").click();
    await button("Add 1 space").click();
    await page.getByText("No source was added yet.").waitFor();
    expect(await page.title()).toBe("Connect Confluence · Confluence sync");
    expect(await console.faults()).toEqual([]);
    await button("Approve and add them").click();
    await page.getByRole("row", { name: /^Space LEGAL/ }).waitFor();
  });
});
