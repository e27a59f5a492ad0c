import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { addFolder, addPage, editPage } from "#infra/local/confluence-site/edits.ts";
import type { SitePage } from "#infra/local/confluence-site/site.ts";
import { SPACE, startServiceWithSite, type ServiceWithSite } from "#test/support/service-with-site.ts";

let at: ServiceWithSite;
beforeAll(async () => {
  at = await startServiceWithSite({ pages: 2 });
});
afterAll(() => at.close());

const macro = (name: string, inner = ""): string =>
  `<ac:structured-macro ac:name="${name}">${inner}</ac:structured-macro>`;
const page = (title: string, body: string, more: { rendered?: string; parentId?: string } = {}): SitePage => {
  const { rendered, ...place } = more;
  const added = addPage(at.confluence.site, { space: SPACE, title, body, ...place });
  if (rendered !== undefined) added.rendered = rendered;
  return added;
};
const first = async (query: string) => (await at.service.search(query, 5))[0];
/** How often a rendered body was asked for since the last time. */
const renderings = (): number => {
  const { requests } = at.confluence.site;
  return requests.splice(0).filter(({ query }) => query.includes("body-format=export_view")).length;
};

async function get<T>(schema: z.ZodType<T>, path: string, body?: object): Promise<T> {
  const response = await fetch(`${at.runner.url}${path}`, {
    ...(body && { method: "POST", body: JSON.stringify(body) }),
    headers: { "content-type": "application/json" },
  });
  expect(response.status).toBe(200);
  return schema.parse(await response.json());
}

it("a page without text is found by its title", async () => {
  const empty = page("Quarterly capacity freeze calendar", "");
  page("Landing page of nothing", macro("children"), { rendered: "" });
  expect(await at.sync()).toMatchObject({ status: "completed", failed_pages: [] });
  expect(await first("Quarterly capacity freeze calendar")).toMatchObject({
    page_id: empty.id,
    content: "",
    heading_path: [],
  });
  expect((await at.service.searchPages("capacity freeze calendar", 3))[0]?.page_id).toBe(empty.id);
  expect((await first("Landing page of nothing"))?.title).toBe("Landing page of nothing");
  const stored = await at.service.pages(at.sourceId, "current");
  expect(stored.find(({ page_id }) => page_id === empty.id)?.chunk_count).toBe(1);
});

it("a page with one macro that shows content from elsewhere keeps its sources and hidden properties", async () => {
  const source = macro(
    "mermaid",
    "<ac:plain-text-body><![CDATA[graph TD; Tankwagon-->Pump]]></ac:plain-text-body>",
  );
  const properties = macro(
    "details",
    '<ac:parameter ac:name="hidden">true</ac:parameter><ac:rich-text-body><table><tbody><tr><th>Owner</th><td>Pumpenmeister</td></tr></tbody></table></ac:rich-text-body>',
  );
  page("Depot", `${source}${properties}<p>Intro.</p>${macro("children")}<p>End.</p>`, {
    rendered:
      '<img src="d.png"/><p>Intro.</p><ul><li><a href="/wiki/1">Periscope manual</a></li></ul><p>End.</p>',
  });
  page("Depot without lists", `${source}${properties}`);
  renderings();
  expect(await at.sync()).toMatchObject({ status: "completed", failed_pages: [] });
  expect(renderings()).toBe(1);
  const content = (await first("Periscope manual"))?.content ?? "";
  expect(content).toMatch(
    /graph TD; Tankwagon-->Pump[^]*Pumpenmeister[^]*Intro\.[^]*Periscope manual[^]*End\./,
  );
  expect(content).not.toContain("d.png");
});

it("a page in a folder has the folder in its breadcrumb", async () => {
  const { id: parentId } = addFolder(at.confluence.site, { space: SPACE, title: "Runbooks", parentId: null });
  page("Restart the spooler", "<p>Spoolerword.</p>", { parentId });
  await at.sync();
  const hits = z.object({
    results: z.array(z.object({ ancestors: z.array(z.object({ title: z.string() })) })),
  });
  const { results } = await get(hits, "/api/rag/query", { query: "Spoolerword", return_mode: "chunks" });
  expect(results[0]?.ancestors.map(({ title }) => title)).toEqual(["Runbooks"]);
});

it("a page that cannot be rendered is found by its storage body, and later by its rendered one", async () => {
  const stored = "<p>The lighthouse lamp failed at dawn.</p>";
  const broken = page("Tickets", `${stored}<p>${macro("children")}</p>`);
  at.confluence.site.faults.push({
    effect: "status",
    status: 500,
    retry_after: null,
    path: "body-format=export_view",
    times: 100,
    skip: 0,
  });
  expect(await at.sync()).toMatchObject({ status: "completed", failed_pages: [] });
  expect((await first("lighthouse lamp"))?.page_id).toBe(broken.id);
  at.confluence.site.faults.length = 0;
  editPage(at.confluence.site, broken.id, { title: "Tickets of the lamp" });
  broken.rendered = `${stored}<p>Wickword</p>`;
  await at.sync();
  expect((await first("Wickword"))?.page_id).toBe(broken.id);
});

it("refused names and labels leave every page stored, and the source names the missing scope", async () => {
  for (const path of ["users-bulk", "/content/labels"])
    at.confluence.site.faults.push({ effect: "scope_missing", said_in: "both", path, times: 100, skip: 0 });
  const asked = page(
    "Boilers",
    '<p>Ask <ac:link><ri:user ri:account-id="u-1"/></ac:link> about boilers.</p>',
  );
  expect(await at.sync()).toMatchObject({ status: "completed", failed_pages: [] });
  expect((await first("about boilers"))?.page_id).toBe(asked.id);
  const shown = z.object({ status: z.string(), warnings: z.array(z.unknown()) });
  const source = await get(shown, `/api/confluence/${at.sourceId}`);
  expect(source.status).toBe("active");
  expect(JSON.stringify(source.warnings)).toContain("read:user:confluence");
});
