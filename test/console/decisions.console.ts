import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { trashPage } from "#infra/local/confluence-site/page-status-edits.ts";
import { eventually } from "#test/support/eventually.ts";
import {
  expectEnded,
  pageByTitle,
  startServiceWithSite,
  type ServiceWithSite,
} from "#test/support/service-with-site.ts";
import { openConsole, type Console } from "./browser.ts";
import { sendJson } from "./send-json.ts";

const PAGES = 40;

let service: ServiceWithSite;
let console: Console;

beforeAll(async () => {
  service = await startServiceWithSite({ pages: PAGES });
  await service.sync();
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
const send = (method: string, path: string, body: unknown) =>
  sendJson(service.runner.url, method, path, body);
const trash = (from: number, to: number) => {
  for (let number = from; number <= to; number += 1)
    trashPage(service.confluence.site, pageByTitle(service.confluence.site, `Topic ${number}`).id, {
      leavesChildren: true,
    });
};
async function checkDeletions(): Promise<string> {
  const check = await send("POST", `/api/confluence/${service.sourceId}/deletion-check`, {});
  const { operation_id: operationId } = check.body as { operation_id: string };
  await eventually(async () => expectEnded(await service.service.operation(operationId)));
  return operationId;
}

describe("an approval of held deletions", () => {
  it("is of the check that was looked at: when another one is held meanwhile, it says so and sends nothing", async () => {
    trash(1, 12);
    await checkDeletions();
    await console.open(`#/sources/${service.sourceId}?tab=held`);
    await button("Approve all").click();
    const dialog = console.page.getByRole("dialog", { name: "Approve all held deletions?" });
    await dialog.waitFor();
    const approve = dialog.getByRole("button", { name: "Approve all" });
    expect(await approve.getAttribute("aria-disabled")).toBeNull();
    trash(13, 30);
    await checkDeletions();
    await dialog.getByText("Another deletion check is held now").waitFor({ timeout: 20_000 });
    await dialog.getByText("All 12 pages of the list are removed").waitFor();
    expect(await approve.getAttribute("aria-disabled")).toBe("true");
    expect(await console.faults()).toEqual([]);
    await approve.click({ force: true });
    await dialog.getByRole("button", { name: "Cancel" }).click();
    expect((await service.service.latestOperation(service.sourceId)).operation_type).toBe("deletion_check");
    expect(await service.service.pages(service.sourceId, "deleted")).toHaveLength(0);
  });

  it("of some pages never becomes one of all, when they leave the list while the dialog is open", async () => {
    const operationId = await checkDeletions();
    await console.open(`#/sources/${service.sourceId}?tab=held`);
    const titles = ["Topic 1", "Topic 2", "Topic 3"];
    for (const title of titles) await console.page.getByLabel(`Select ${title}`, { exact: true }).check();
    await button("Approve 3 selected").click();
    const dialog = console.page.getByRole("dialog", { name: "Approve 3 deletions?" });
    await dialog.waitFor();
    const ids = titles.map((title) => pageByTitle(service.confluence.site, title).id);
    const path = `/api/confluence/${service.sourceId}/held-deletions/reject`;
    const kept = await send("POST", path, { operation_id: operationId, page_ids: ids });
    expect(kept.body).toMatchObject({ rejected: 3 });
    await dialog.getByText("The list has changed since").waitFor({ timeout: 20_000 });
    await dialog.getByRole("button", { name: "Approve 3 selected" }).click({ force: true });
    await dialog.getByRole("button", { name: "Cancel" }).click();
    expect(await button("Approve 0 selected").getAttribute("aria-disabled")).toBe("true");
    await button("Approve 0 selected").click({ force: true });
    await button("Keep 0 selected").click({ force: true });
    expect(await console.page.getByRole("dialog").count()).toBe(0);
    expect((await service.service.latestOperation(service.sourceId)).operation_type).toBe("deletion_check");
    await button("Clear").click();
    expect(await button("Approve all").getAttribute("aria-disabled")).toBeNull();
  });
});
