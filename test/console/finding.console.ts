import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { uploadFile } from "#infra/local/confluence-site/file-edits.ts";
import { pageByTitle, startServiceWithSite, type ServiceWithSite } from "#test/support/service-with-site.ts";
import { openConsole, type Console } from "./browser.ts";

let service: ServiceWithSite;
let console: Console;

beforeAll(async () => {
  service = await startServiceWithSite({ pages: 60 });
  const { site } = service.confluence;
  uploadFile(site, {
    containerId: pageByTitle(site, "Topic 1").id,
    title: "floor-plan.txt",
    mediaType: "text/plain",
    bytes: Buffer.from("The kitchen is on the second floor."),
  });
  await service.sync();
});
afterAll(() => service.close());
beforeEach(async () => {
  console = await openConsole(service.runner.url);
});
afterEach(async () => {
  if (console.errors.length > 0) throw new Error(console.errors.join("\n"));
  await console.close();
});

const main = () => console.page.locator("main");
const said = () => console.page.getByRole("status").textContent();
const focused = () =>
  console.page.evaluate(() => {
    const element = document.activeElement;
    return element?.tagName === "INPUT"
      ? (element.closest("label")?.textContent ?? "")
      : (element?.textContent ?? "");
  });
const expected = (title: string) => `#/search?q=kitchen&page=${encodeURIComponent(title)}`;

describe("a page that is looked for by its title", () => {
  it("may be a file", async () => {
    await console.open(expected("floor-plan.txt"));
    await main()
      .getByText(/floor-plan\.txt: /)
      .waitFor();
    expect(await main().getByText("Not in the index").count()).toBe(0);
  });

  it("is not in the index only if every source was searched", async () => {
    const { page } = console;
    await console.open(expected("No such page"));
    await main().getByText("Not in the index.").waitFor();
    await page.route("**/pages?*", (route) => route.abort());
    await console.open(expected("No such page at all"));
    await main().getByText("Not found so far.").waitFor();
    await main().getByText("Not searched: Team.").waitFor();
    expect(await console.faults()).toEqual([]);
    await page.unroute("**/pages?*");
    await page.getByRole("button", { name: "Search again" }).click();
    await main().getByText("Not in the index.").waitFor();
    await page.route("**/sources?*", (route) => route.abort());
    await console.open(expected("Another one"));
    await main().getByText("Could not read the sources, which are searched for the title.").waitFor();
    expect(await main().getByText("Not in the index").count()).toBe(0);
  });
});

describe("the focus and what is said", () => {
  it("a search keeps the focus where it is, and says how many results there are", async () => {
    await console.open("#/search");
    const query = console.page.getByLabel("Query");
    await query.fill("marker3");
    await query.press("Enter");
    await expect.poll(said).toMatch(/^\d+ of \d+ results?\.$/);
    expect(await focused()).toContain("Query");
    await query.fill("marker4");
    await console.page.getByRole("button", { name: "Search", exact: true }).click();
    await expect.poll(() => console.page.url()).toContain("marker4");
    expect(await focused()).toBe("Search");
    await console.page.goBack();
    await expect.poll(() => query.inputValue()).toBe("marker3");
  });

  it("who finds a page is said, and the field that asks stays", async () => {
    const path = `/api/confluence/${service.sourceId}`;
    const setAccess = (access: string) =>
      fetch(service.runner.url + path, {
        method: "PATCH",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ access }),
      });
    await setAccess("per_user");
    const { id } = pageByTitle(service.confluence.site, "Topic 2");
    await console.open(`#/sources/${service.sourceId}/pages/${id}?tab=who`);
    const field = console.page.getByLabel("Confluence account id; empty: the public");
    await field.fill("somebody");
    await field.press("Enter");
    await expect.poll(said).toMatch(/somebody (finds|does not find) this page/);
    expect(await focused()).toContain("Confluence account id");
    await setAccess("everything");
  });

  it("another page of a list begins at the screen's heading, and says what it has", async () => {
    await console.open(`#/sources/${service.sourceId}?tab=pages`);
    await console.page.getByRole("button", { name: "Next page" }).focus();
    await console.page.keyboard.press("Enter");
    await expect.poll(said).toBe("11 entries on this page of the list.");
    expect(await focused()).toBe("Team");
  });

  it("the box of a filter is empty when the filter is gone", async () => {
    const { page } = console;
    await console.open(`#/sources/${service.sourceId}?tab=pages`);
    const box = page.getByLabel("Title or id");
    await box.fill("topic 1");
    await expect.poll(() => page.url()).toContain("q=topic");
    await page.getByRole("link", { name: "Pages", exact: true }).click();
    await expect.poll(() => page.url()).not.toContain("q=topic");
    await expect.poll(() => box.inputValue()).toBe("");
  });
});

describe("with more sources than one list has", () => {
  beforeAll(async () => {
    const { sql } = service.runner.services;
    await sql`
      insert into archon_sources (source_id, site_id, title, base_url, space_key, space_id, space_name, account_id, search_language,
        content, access, unreadable_containers, verify, embedding_model, metadata, status, created_at, updated_at)
      select 'many-' || number, site_id, 'Many ' || number, base_url, 'MANY' || number, (70000 + number)::text, 'Many ' || number,
        account_id, search_language, content, 'unrestricted', unreadable_containers, verify, embedding_model, metadata,
        case when number = 230 then 'space_unavailable' else 'active' end, now() + make_interval(secs => number), now()
      from archon_sources, generate_series(1, 230) as number
      where source_id = ${service.sourceId}`;
  });

  it("what needs attention is shown whichever list has it", async () => {
    await console.open("#/");
    await main()
      .getByRole("region", { name: "Needs attention" })
      .getByRole("link", { name: /^Many 230/ })
      .waitFor();
    expect(
      await main()
        .getByRole("rowheader", { name: /^Many 230/ })
        .count(),
    ).toBe(0);
  });

  it("a title is said to be searched for in some of them only", async () => {
    await console.open(expected("No such page in many"));
    await main().getByText("Not found so far.").waitFor();
    await main().getByText("Only 20 sources were searched for the title").waitFor();
  });
});
