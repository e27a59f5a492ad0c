import type { Locator } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addPage, addSpace, editPage } from "#infra/local/confluence-site/edits.ts";
import { trashPage } from "#infra/local/confluence-site/page-status-edits.ts";
import {
  pageByTitle,
  startServiceWithSite,
  topicBody,
  type ServiceWithSite,
} from "#test/support/service-with-site.ts";
import { openConsole, type Console } from "./browser.ts";

/** What somebody who opens the console for the first time must be able to do. */
const MOST_CLICKS = 3;
const PAGES = 40;

let service: ServiceWithSite;
let console: Console;
let clicks = 0;

const click = async (target: Locator) => {
  clicks += 1;
  if (clicks > MOST_CLICKS) throw new Error(`Click ${clicks}: a task takes ${MOST_CLICKS} at most`);
  await target.click();
};
const link = (name: string | RegExp) => console.page.getByRole("link", { name });
const button = (name: string | RegExp) => console.page.getByRole("button", { name });
const said = () => console.page.getByRole("status").textContent();

beforeAll(async () => {
  service = await startServiceWithSite({ pages: PAGES });
  await service.sync();
});
afterAll(() => service.close());
beforeEach(async () => {
  console = await openConsole(service.runner.url);
  clicks = 0;
});
afterEach(async () => {
  if (console.errors.length > 0) throw new Error(console.errors.join("\n"));
  await console.close();
});

describe("from the first screen, in at most three clicks, somebody can", () => {
  it("see what the last sync changed, and how", async () => {
    const { site } = service.confluence;
    editPage(site, pageByTitle(site, "Topic 2").id, { body: topicBody(2, "otherword") });
    await service.sync();
    await console.open("#/");
    await click(console.page.getByRole("row", { name: /^Team/ }).getByRole("link", { name: "1 updated" }));
    await click(link("Topic 2"));
    await console.page.getByText("Version 1 was replaced by version 2").waitFor();
    await console.page.locator("del").waitFor();
    expect(await console.page.locator("del").allInnerTexts()).toEqual([expect.stringContaining("marker2")]);
    expect(await console.page.locator("ins").allInnerTexts()).toEqual([expect.stringContaining("otherword")]);
  });

  it("see why a page failed, and retry it", async () => {
    const { site } = service.confluence;
    const page = pageByTitle(site, "Topic 3");
    editPage(site, page.id, { body: topicBody(3, "third") });
    site.faults.push({
      effect: "status",
      status: 404,
      retry_after: null,
      times: 20,
      skip: 0,
      path: `id=${page.id}&`,
    });
    await service.sync().catch(() => {});
    site.faults.length = 0;
    await console.open("#/");
    await click(link(/^Team ?: See why/));
    await console.page.getByText(/^not found: /).waitFor();
    await click(button("Sync again: Topic 3"));
    await expect.poll(said).toContain("Syncing 1 page");
    await console.page.getByText("No page matches these filters.").waitFor({ timeout: 20_000 });
  });

  it("find out why a page is not found", async () => {
    await console.open("#/");
    await click(link("Search"));
    await console.page.getByLabel("Query").fill("marker5");
    await console.page.getByLabel(/^Page that should be found/).fill("Topic 7");
    await click(button("Search"));
    const reason = console.page.getByRole("region", { name: "Why is this page found, or not?" });
    await expect.poll(() => reason.innerText()).toMatch(/Topic 7: (found, but|no retriever)/);
  });

  it("decide what a held deletion check would remove", async () => {
    const { site } = service.confluence;
    for (let number = 11; number <= 30; number += 1)
      trashPage(site, pageByTitle(site, `Topic ${number}`).id, { leavesChildren: true });
    const body = JSON.stringify({});
    const path = `/api/confluence/${service.sourceId}/deletion-check`;
    const headers = { "content-type": "application/json" };
    await fetch(service.runner.url + path, { method: "POST", headers, body });
    await expect
      .poll(async () => (await service.service.latestOperation(service.sourceId)).status, { timeout: 20_000 })
      .toBe("held");
    await console.open("#/");
    await click(link(/^Team ?: Decide/));
    await click(button("Approve all"));
    await click(console.page.getByRole("dialog").getByRole("button", { name: "Approve all" }));
    await expect.poll(said).toContain("Approved: all");
    await console.page.getByText("Nothing is held").waitFor({ timeout: 20_000 });
    expect(await service.service.pages(service.sourceId, "deleted")).toHaveLength(20);
  });

  it("connect a space, with every check and the estimate shown", async () => {
    const { site, url } = service.confluence;
    addSpace(site, { key: "OPS", name: "Operations" });
    addPage(site, { space: "OPS", title: "On call", body: "<p>Who is on call.</p>" });
    await console.open("#/");
    await click(link("Connect Confluence"));
    await console.page.getByLabel("Address of the site").fill(url);
    await console.page.getByLabel("E-mail of the account").fill("ada@example.com");
    await console.page.getByLabel("API token").last().fill("demo-token");
    await console.page.getByLabel("Space keys").fill("OPS");
    await click(button("Check"));
    await console.page.getByRole("row", { name: /Operations OPS/ }).waitFor();
    expect(await console.page.locator(".checks .badge").allInnerTexts()).toEqual(Array(4).fill("● passed"));
    await click(console.page.getByRole("button", { name: "Connect", exact: true }));
    await expect.poll(() => console.page.title()).toBe("Sources · Confluence sync");
    await console.page.getByRole("row", { name: /^Operations OPS/ }).waitFor();
  });
});
