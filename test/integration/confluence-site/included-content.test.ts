import { afterEach, beforeEach, expect, it } from "vitest";
import { z } from "zod";
import { serveTestSite, type ServedSite } from "#test/support/served-confluence-site.ts";

let at: ServedSite;
let target: string;

const bodySchema = z.object({ body: z.object({ export_view: z.object({ value: z.string() }) }) });

/** A macro with parameters; a page as a parameter's value is a reference by title. */
const macro = (name: string, parameters: Record<string, string> = {}, page?: string, of = "") => {
  const named = Object.entries(parameters).map(
    ([key, value]) => `<ac:parameter ac:name="${key}">${value}</ac:parameter>`,
  );
  const link = `<ac:parameter ac:name="${of}"><ac:link><ri:page ri:content-title="${page}"/></ac:link></ac:parameter>`;
  const reference = page === undefined ? "" : link;
  return `<ac:structured-macro ac:name="${name}">${reference}${named.join("")}</ac:structured-macro>`;
};
const excerpt = (name: string, text: string) =>
  `<ac:structured-macro ac:name="excerpt"><ac:parameter ac:name="name">${name}</ac:parameter><ac:rich-text-body><p>${text}</p></ac:rich-text-body></ac:structured-macro>`;
const add = (title: string, body: string, more: object = {}) =>
  at.admin("add", { space: "DEMO", title, body, ...more });

async function rendered(id: string): Promise<string> {
  const { json } = await at.get(`/wiki/api/v2/pages/${id}?body-format=export_view`);
  return bodySchema.parse(json).body.export_view.value;
}

beforeEach(async () => {
  at = await serveTestSite();
  target = await add("Target", `<p>Whole</p>${excerpt("first", "One")}${excerpt("second", "Two")}`);
});

afterEach(() => at.close());

it("a page shows the page that it includes as it is now, though its own version stays", async () => {
  const id = await add("Includer", macro("include", {}, "Target"));
  expect(await rendered(id)).toContain("<p>Whole</p>");
  await at.admin("edit", { id: target, body: "<p>Changed</p>" });
  expect(await rendered(id)).toBe("<p>Changed</p>");
  expect((await at.get(`/wiki/api/v2/pages/${id}`)).json).toMatchObject({ version: { number: 1 } });
});

it("an excerpt is included by its name, or the first one", async () => {
  expect(await rendered(await add("A", macro("excerpt-include", {}, "Target")))).toBe("<p>One</p>");
  const named = macro("excerpt-include", { name: "second" }, "Target");
  expect(await rendered(await add("B", named))).toBe("<p>Two</p>");
  const missing = macro("excerpt-include", { name: "third" }, "Target");
  expect(await rendered(await add("C", missing))).toContain("Unable to render {excerpt-include}");
});

it("what the asking account may not see, and what is gone, shows an error instead", async () => {
  const id = await add("Includer", macro("include", {}, "Target"));
  const error =
    '<div class="error"><span class="error">Unable to render {include}</span> The included page could not be found.</div>';
  await at.admin("restrict", { id: target });
  expect(await rendered(id)).toBe(error);
  await at.admin("restrict", { id: target, visible_to: "account" });
  expect(await rendered(id)).toContain("Whole");
  await at.admin("settings", { answer_as_anonymous: true, anonymous_access: true });
  expect(await rendered(id)).toBe(error);
  await at.admin("settings", { answer_as_anonymous: false });
  await at.admin("trash", { id: target });
  expect(await rendered(id)).toBe(error);
});

it("pages that include themselves or each other show an error there, not themselves", async () => {
  const self = await add("Self", `<p>S</p>${macro("include", {}, "Self")}`);
  expect(await rendered(self)).toMatch(/^<p>S<\/p><div class="error">.*includes itself/);
  const one = await add("One", `<p>1</p>${macro("include", {}, "Two")}`);
  await add("Two", `<p>2</p>${macro("include", {}, "One")}`);
  expect(await rendered(one)).toMatch(/^<p>1<\/p><p>2<\/p><div class="error">/);
});

it("children are those of this page or a named one, to the depth given, without hidden ones", async () => {
  const child = await add("Child", "<p/>", { parent_id: target });
  await add("Grandchild", "<p/>", { parent_id: child });
  const hidden = await add("Hidden", "<p/>", { parent_id: target });
  await at.admin("restrict", { id: hidden });
  const titles = async (id: string) =>
    [...(await rendered(id)).matchAll(/>([^<>]+)<\/a>/g)].map(([, t]) => t);
  await at.admin("edit", { id: target, body: macro("children") });
  expect(await titles(target)).toEqual(["Child"]);
  const named = await add("Lists", macro("children", { depth: "2" }, "Target", "page"));
  expect(await titles(named)).toEqual(["Child", "Grandchild"]);
  const all = await add("Lists all", macro("children", { all: "true" }, "Target", "page"));
  expect(await titles(all)).toEqual(["Child", "Grandchild"]);
});

it("lists by label show what carries one of the labels now, of the space and kind that the query names", async () => {
  await at.admin("add_space", { key: "NEXT", name: "Next" });
  await at.admin("add", { space: "NEXT", title: "Elsewhere", body: "<p/>", labels: ["b"] });
  await add("Post", "<p/>", { kind: "blogpost", labels: ["a"] });
  const row = "<table><tbody><tr><th>Owner</th><td>Ada</td></tr></tbody></table>";
  const details = `<ac:structured-macro ac:name="details"><ac:rich-text-body>${row}</ac:rich-text-body></ac:structured-macro>`;
  const page = await add("Owned", details, { labels: ["a"] });
  const list = (cql: string) => add(`List ${cql.replaceAll('"', "")}`, macro("contentbylabel", { cql }));
  const both = await list('label in ("a", "b")');
  expect(await rendered(both)).toMatch(/>Post<.*>Owned</);
  expect(await rendered(await list('label = "a" and type = "page"'))).not.toContain("Post");
  expect(await rendered(await list('label = "b" and space = "NEXT"'))).toContain(">Elsewhere<");
  const summary = await add("Summary", macro("detailssummary", { cql: 'label = "a" and type = "page"' }));
  expect(await rendered(summary)).toMatch(/Owner.*>Owned<.*Ada/);
  await at.admin("unlabel", { id: page, labels: ["a"] });
  expect(await rendered(summary)).not.toContain("Ada");
});
