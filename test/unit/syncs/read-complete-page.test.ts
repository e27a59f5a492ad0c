import { describe, expect, it } from "vitest";
import type { ConfluenceClient, ConfluencePage } from "#shared/confluence/client.ts";
import { TransientError } from "#shared/errors.ts";
import type { PageDependency } from "#shared/markdown/page-dependencies.ts";
import type { MayShow } from "#shared/markdown/read-page.ts";
import { processConfluencePage, readCompletePage } from "#shared/syncs/pages/confluence-processor.ts";
import { silentCalls } from "#shared/syncs/optional-calls.ts";
import { evaluationResolver as resolver } from "#test/evaluation/conversion/resolver.ts";

const INCLUDE = `<ac:structured-macro ac:name="include"><ac:parameter ac:name=""><ac:link><ri:page ri:content-title="Rules" /></ac:link></ac:parameter></ac:structured-macro>`;
const body = (value: string, format: "storage" | "export_view" = "storage") => ({ format, value });
const pageOf = (value: string, more: Partial<ConfluencePage> = {}): ConfluencePage => ({
  id: "7",
  kind: "page",
  title: "Home",
  version: 3,
  status: "current",
  spaceId: "1",
  spaceKey: null,
  parentId: null,
  parentType: null,
  subtype: "page",
  labels: [],
  url: "",
  modifiedAt: null,
  rights: null,
  body: body(value),
  ...more,
});

/** Reads a page; `rendered`: what Confluence renders of it, in the version that it says. */
async function read(
  page: ConfluencePage,
  {
    rendered,
    guard = null,
    isAsStored = true,
  }: { rendered?: ConfluencePage | Error; guard?: MayShow | null; isAsStored?: boolean } = {},
) {
  const asked: string[] = [];
  const renderedPage: ConfluenceClient["renderedPage"] = async (kind, id) => {
    asked.push(`${kind} ${id}`);
    if (rendered instanceof Error) throw rendered;
    if (!rendered) throw new Error("Nothing is to be rendered");
    return rendered;
  };
  const guardOf = async () => guard;
  const areAsStored = async () => isAsStored;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one call that is made
  const complete = await readCompletePage({ renderedPage } as ConfluenceClient, silentCalls, page, {
    guardOf,
    areAsStored,
  });
  const text = processConfluencePage(complete, resolver)
    .chunks.map(({ content }) => content)
    .join("\n");
  return { ...complete, asked, text };
}

const RENDERED = "<p>Before</p><p>Wear a helmet.</p>";
const rendered = (more: Partial<ConfluencePage> = {}) =>
  pageOf("", { body: body(RENDERED, "export_view"), ...more });
const showsRules: MayShow = (shows) =>
  shows.every(({ target }: PageDependency) => typeof target === "object" && target && "title" in target);

describe("a page with what its macros show", () => {
  it("a page without macros is complete as it is stored, and nothing is rendered", async () => {
    const { asked, text, notRendered, included } = await read(pageOf("<p>Plain</p>"));
    expect({ asked, text, notRendered, included }).toEqual({
      asked: [],
      text: "Plain",
      notRendered: null,
      included: [],
    });
  });

  it("a page without a body is refused", async () => {
    await expect(read(pageOf("", { body: null }))).rejects.toMatchObject({ code: "body_missing" });
  });

  it("a body that is rendered already is not rendered again", async () => {
    const { asked } = await read(pageOf("", { body: body(`<p>Plain</p>${INCLUDE}`, "export_view") }));
    expect(asked).toEqual([]);
  });

  it("what a macro shows is taken from the rendered body, of a blog post too", async () => {
    const { asked, text, notRendered } = await read(pageOf(`<p>Before</p>${INCLUDE}`, { kind: "blogpost" }), {
      rendered: rendered(),
    });
    expect(asked).toEqual(["blogpost 7"]);
    expect(text).toContain("Wear a helmet.");
    expect(notRendered).toBeNull();
  });

  it("no page counts as included where no rights are carried over", async () => {
    expect((await read(pageOf(INCLUDE), { rendered: rendered() })).included).toEqual([]);
  });

  it("a page that a guard lets be shown is shown, and named as included", async () => {
    const { text, included } = await read(pageOf(`<p>Before</p>${INCLUDE}`), {
      rendered: rendered(),
      guard: showsRules,
    });
    expect(text).toContain("Wear a helmet.");
    expect(included).toMatchObject([{ kind: "page", target: { title: "Rules" } }]);
  });

  it("a page that changed since the guard let it be shown is not shown", async () => {
    const { text, included } = await read(pageOf(`<p>Before</p>${INCLUDE}`), {
      rendered: rendered(),
      guard: showsRules,
      isAsStored: false,
    });
    expect(text).toContain("Before");
    expect(text).not.toContain("helmet");
    expect(included).toEqual([]);
  });

  it("where a guard lets nothing be shown, nothing is rendered", async () => {
    const { asked, included, notRendered } = await read(pageOf(INCLUDE), { guard: () => false });
    expect({ asked, included, notRendered }).toEqual({ asked: [], included: [], notRendered: null });
  });

  it.each<[string, Partial<ConfluencePage>, Partial<ConfluencePage>]>([
    ["another version", {}, { version: 4 }],
    ["a live doc, whose text changes without a version", { subtype: "live" }, {}],
  ])("the guard has not seen the macros of %s: nothing of them is shown", async (_, stored, shown) => {
    const page = pageOf(`<p>Before</p>${INCLUDE}`, stored);
    const { text, included } = await read(page, { rendered: rendered(shown), guard: showsRules });
    expect(text).not.toContain("helmet");
    expect(included).toEqual([]);
  });

  it("what macros of another version show is shown where no rights are carried over", async () => {
    const { text } = await read(pageOf(`<p>Before</p>${INCLUDE}`), { rendered: rendered({ version: 4 }) });
    expect(text).toContain("Wear a helmet.");
  });

  it("of a stored and a rendered version the older one counts", async () => {
    const versionWith = async (version: number) =>
      (await read(pageOf(INCLUDE), { rendered: rendered({ version }) })).page.version;
    expect([await versionWith(2), await versionWith(4)]).toEqual([2, 3]);
  });

  it("a body that cannot be rendered is used as it is stored, and the reason is kept", async () => {
    const failure = new TransientError("timeout", "Confluence did not respond in time");
    const { text, notRendered, included } = await read(pageOf(`<p>Before</p>${INCLUDE}`), {
      rendered: failure,
      guard: showsRules,
    });
    expect(text).toContain("Before");
    expect(notRendered).toBe(failure);
    expect(included).toEqual([]);
  });

  it("a rendered page without its body was not rendered", async () => {
    const { notRendered } = await read(pageOf(INCLUDE), { rendered: rendered({ body: null }) });
    expect(notRendered).toMatchObject({ code: "body_missing" });
  });
});

it("the chunks of a page are embedded under its title, and their text alone makes its hash", async () => {
  const { page, content, notRendered, included } = await read(pageOf("<h2>Rules</h2><p>Wear a helmet.</p>"));
  const processed = processConfluencePage({ page, content, notRendered, included }, resolver);
  expect(processed.chunks).toMatchObject([{ headingPath: ["Rules"] }]);
  expect(processed.chunks[0]?.input).toContain("Home");
  expect(processed.contentHash).toMatch(/^[0-9a-f]{64}$/);
  expect(processed.textLost).toBeNull();
});
