import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { htmlToStorage } from "#infra/local/confluence-site/html-to-storage.ts";
import { loadSite } from "#infra/local/confluence-site/load-site.ts";
import { SAMPLE_FOLDER } from "#infra/local/confluence-site/sample-folder.ts";
import { mayView } from "#infra/local/confluence-site/permissions.ts";
import { ACCOUNT_ID, type Site } from "#infra/local/confluence-site/site.ts";
import { elementsOf, parseStorage, textOf } from "#infra/local/confluence-site/storage-xml.ts";

const folders: string[] = [];

afterEach(async () => {
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true })));
});

async function folderOf(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "site-"));
  folders.push(folder);
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
}

const load = (folder: string) =>
  loadSite(folder, { now: () => new Date("2026-03-04T10:00:00Z"), random: () => 0 });
const pagesOf = (site: Site) => [...site.pages.values()];
const lines = (...values: object[]) => values.map((value) => `${JSON.stringify(value)}\n`).join("");

describe("a folder with a manifest", () => {
  const manifest = lines(
    {
      file: "W/home.html",
      space: "W",
      title: "Home",
      breadcrumbs: ["The Wiki"],
      last_modified: null,
      n_attachments: 0,
    },
    {
      file: "W/4711.html",
      space: "W",
      title: "Guide",
      breadcrumbs: ["The Wiki", "Home"],
      last_modified: "Aug 23, 2016",
    },
    {
      file: "W/deep.html",
      space: "W",
      title: "Deep",
      breadcrumbs: ["The Wiki", "Home", "Guide", "Not here"],
    },
    { file: "V/a.html", space: "V", title: "Guide", breadcrumbs: ["Home"] },
    { file: "V/b.html", space: "V", title: "Guide", breadcrumbs: [] },
  );
  const files = {
    "manifest.jsonl": manifest,
    "W/home.html": "<p>Hello<br>there &nbsp;&amp; so on</p>",
    "W/4711.html": "<p>Guide</p>",
    "W/deep.html": "<p>Deep</p>",
    "V/a.html": "<p>A</p>",
    "V/b.html": "<p>B</p>",
  };

  it("each line of a manifest is a page, below the nearest breadcrumb that is a page of its space", async () => {
    const site = await load(await folderOf(files));
    const place = (title: string) => {
      const page = pagesOf(site).find((item) => item.title === title);
      return site.pages.get(page?.parentId ?? "")?.title ?? null;
    };
    expect(new Map([...site.spaces.values()].map(({ key, name }) => [key, name]))).toEqual(
      new Map([
        ["V", "Home"],
        ["W", "The Wiki"],
      ]),
    );
    expect(pagesOf(site)).toHaveLength(5);
    expect([place("Home"), place("Deep")]).toEqual([null, "Guide"]);
    const guides = pagesOf(site).filter((page) => page.title === "Guide");
    expect(guides).toHaveLength(3);
    expect(site.pages.get("4711")?.version.createdAt).toEqual(new Date("2016-08-23T00:00:00Z"));
  });

  it("a folder with a manifest serves the rendered body unchanged, and as well-formed storage", async () => {
    const site = await load(await folderOf(files));
    const home = pagesOf(site).find((page) => page.title === "Home");
    expect(home?.rendered).toBe(files["W/home.html"]);
    expect(home?.storage).toBe("<p>Hello<br/>there \u00A0&amp; so on</p>");
  });

  it("a folder with a manifest gives every page the same id each time, in ascending order", async () => {
    const folder = await folderOf(files);
    const ids = pagesOf(await load(folder)).map((page) => page.id);
    expect(pagesOf(await load(folder)).map((page) => page.id)).toEqual(ids);
    expect(ids.toSorted((a, b) => Number(a) - Number(b))).toEqual(ids);
  });

  it("a line of a manifest may be a blog post, which is below no page and above none", async () => {
    const lines = [
      { file: "a.html", space: "W", title: "News", kind: "blogpost", breadcrumbs: ["Home"] },
      { file: "b.html", space: "W", title: "Home", breadcrumbs: ["News"] },
    ];
    const site = await load(
      await folderOf({
        "manifest.jsonl": lines.map((line) => JSON.stringify(line)).join("\n"),
        "a.html": "<p/>",
        "b.html": "<p/>",
      }),
    );
    const facts = pagesOf(site).map(({ title, kind, parentId }) => [title, kind, parentId]);
    expect(new Set(facts)).toEqual(
      new Set([
        ["News", "blogpost", null],
        ["Home", "page", null],
      ]),
    );
    const home = [...site.spaces.values()][0]?.homepageId ?? "";
    expect(site.pages.get(home)?.title).toBe("Home");
  });

  it("a folder with a manifest may list comments, replies and files of its pages", async () => {
    const created = "2026-01-02T03:04:05.000Z";
    const lines = (...items: object[]) => items.map((item) => JSON.stringify(item)).join("\n");
    const content = {
      "manifest.jsonl": lines({ file: "a.html", space: "W", title: "A" }),
      "a.html": "<p/>",
      "plan.txt": "text",
      "comments.jsonl": lines(
        { on: "a.html", body: "<p>1</p>", selection: "x", resolution: "resolved", created, author: "ada" },
        { reply_to: 1, body: "<p>2</p>", created },
      ),
      "attachments.jsonl": lines({ on: "a.html", file: "plan.txt", media_type: "text/plain", created }),
    };
    const site = await load(await folderOf(content));
    const [page] = pagesOf(site);
    const [root, reply] = [...site.comments.values()];
    expect(root).toMatchObject({
      containerId: page?.id,
      authorId: "ada",
      resolution: { status: "resolved" },
    });
    expect(reply).toMatchObject({ parentId: root?.id, createdAt: new Date(created) });
    const [file] = [...site.attachments.values()];
    expect(file).toMatchObject({ title: "plan.txt", containerId: page?.id, modifiedAt: new Date(created) });
    expect(file?.files[0]?.bytes).toEqual(Buffer.from("text"));
    for (const [name, line] of [
      ["comments.jsonl", { on: "b.html", body: "", created }],
      ["comments.jsonl", { reply_to: 1, body: "", created }],
      ["attachments.jsonl", { on: "a.html", file: "b.txt", created }],
    ] as const) {
      await expect(load(await folderOf({ ...content, [name]: lines(line) }))).rejects.toThrow(name);
    }
  });

  it.each([
    [
      "manifest.jsonl, line 2",
      { "manifest.jsonl": `${manifest.split("\n")[0]}\n{"file":1}`, "W/home.html": "" },
    ],
    ["manifest.jsonl, line 1", { "manifest.jsonl": "not json" }],
    ["names W/home.html, which is not there", { "manifest.jsonl": manifest }],
    ["There are no pages", { "readme.md": "nothing" }],
  ])("a manifest is refused with a reason: %s", async (message, content: Record<string, string>) => {
    await expect(load(await folderOf(content))).rejects.toThrow(message);
  });
});

describe("a folder without one", () => {
  it("a folder without a manifest has the two bodies of a page by its id", async () => {
    const site = await load(
      await folderOf({
        "4711.storage.xml": "<p>S</p>",
        "4711.export_view.html": "<p>R</p>",
        "4712.export_view.html": "<p>R2<br></p>",
      }),
    );
    expect(pagesOf(site).map(({ id, storage, rendered }) => [id, storage, rendered])).toEqual([
      ["4711", "<p>S</p>", "<p>R</p>"],
      ["4712", "<p>R2<br/></p>", "<p>R2<br></p>"],
    ]);
  });

  it("a folder without a manifest has a space for each subfolder, and storage without prolog", async () => {
    const site = await load(
      await folderOf({
        "some-set/One.xml": '<?xml version="1.0"?>\n<!DOCTYPE x [ <!ENTITY nbsp "&#160;"> ]>\n<p>1</p>',
        "other/deep/Two.xml": "<p>2</p>",
      }),
    );
    const bySpace = pagesOf(site).map((page) => [
      site.spaces.get(page.spaceId)?.key,
      page.title,
      page.storage,
    ]);
    expect(new Set(bySpace)).toEqual(
      new Set([
        ["OTHER", "Two", "<p>2</p>"],
        ["SOMESET", "One", "<p>1</p>"],
      ]),
    );
  });

  it("a folder without a manifest has its blog posts in a folder blogposts, of any space", async () => {
    const site = await load(await folderOf({ "blogposts/4711.html": "<p>B</p>", "4712.html": "<p>P</p>" }));
    expect(pagesOf(site).map(({ id, kind }) => [id, kind])).toEqual([
      ["4711", "blogpost"],
      ["4712", "page"],
    ]);
    expect((await load(await folderOf({ "docs/blogposts/one.xml": "<p/>" }))).spaces.size).toBe(1);
  });

  it("a folder without a manifest is refused when it is not a folder", async () => {
    await expect(load("/nowhere/at/all")).rejects.toThrow("is not a folder");
  });
});

describe("rendered pages as storage", () => {
  it("any rendered markup becomes well-formed storage", () => {
    const piece = fc.constantFrom(
      "<p>",
      "</p>",
      "<br>",
      "<o:p>",
      "<td>",
      "<table>",
      "<a href='x&y' \"=1 <>",
      "<pre>\n x",
      "&nbsp;",
      "&bad;",
      "<",
      "\u0000\u0008",
      "<script>if (a < b) {}</script>",
      "<style>",
      '<img src=x alt="\'">',
      "<!-- -- -->",
      "<![CDATA[x]]>",
      "<svg><path d=1/></svg>",
      "]]>",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string({ unit: "binary" })), { maxLength: 12 }), (pieces) => {
        expect(parseStorage(htmlToStorage(pieces.join("")))).not.toBeNull();
      }),
      { numRuns: 500 },
    );
  });

  it("rendered pages as storage keep text and attributes, without scripts", () => {
    expect(
      htmlToStorage('<div data-x="1 &quot;2&quot;">a &lt; b<script>x</script><hr></div><o:p>c</o:p>'),
    ).toBe('<div data-x="1 &quot;2&quot;">a &lt; b<hr/></div>c');
  });
});

describe("the sample site", () => {
  it("the sample site is one space of some sixty well-formed pages under one home page", async () => {
    const site = await load(SAMPLE_FOLDER);
    const pages = pagesOf(site);
    expect(pages.length).toBeGreaterThanOrEqual(60);
    expect([...site.spaces.values()].map((space) => space.key)).toEqual(["DEMO"]);
    const top = pages.filter((page) => page.parentId === null);
    expect(top.map(({ kind, title }) => [kind, title])).toEqual([
      ["page", "Engineering Handbook"],
      ["blogpost", "Thirty thousand parcels in a day"],
    ]);
    expect(pages.filter((page) => parseStorage(page.storage) === null)).toEqual([]);
  });

  it("the sample site contains every page that it links to, includes or mentions", async () => {
    const site = await load(SAMPLE_FOLDER);
    const attributes = pagesOf(site).flatMap((page) => {
      const root = parseStorage(page.storage);
      return root ? [...elementsOf(root)].map((element) => element.attributes) : [];
    });
    const titles = new Set(attributes.flatMap((values) => values["ri:content-title"] ?? []));
    const people = new Set(attributes.flatMap((values) => values["ri:account-id"] ?? []));
    expect(titles.size).toBeGreaterThan(10);
    expect([...titles].filter((title) => !pagesOf(site).some((page) => page.title === title))).toEqual([]);
    expect([...people].filter((person) => !site.people.has(person))).toEqual([]);
  });

  it("the sample site contains what a converter must handle", async () => {
    const site = await load(SAMPLE_FOLDER);
    const macros = new Set<string>();
    const names = new Set<string>();
    for (const page of site.pages.values()) {
      const root = parseStorage(page.storage);
      for (const element of root ? elementsOf(root) : []) {
        names.add(element.name);
        macros.add(element.attributes["ac:name"] ?? "");
        expect(textOf(element)).not.toContain("\u0000");
      }
    }
    for (const name of [
      "code",
      "info",
      "note",
      "warning",
      "tip",
      "panel",
      "expand",
      "status",
      "include",
      "excerpt",
      "excerpt-include",
      "details",
      "detailssummary",
      "children",
      "contentbylabel",
    ]) {
      expect(macros).toContain(name);
    }
    for (const name of ["table", "ol", "ul", "ac:task-list", "ri:user", "ri:page", "blockquote"]) {
      expect(names).toContain(name);
    }
  });
});

describe("people, groups and restrictions of a folder", () => {
  const files = {
    "manifest.jsonl": lines(
      { file: "1001.html", space: "W", title: "Open" },
      { file: "1002.html", space: "W", title: "Secret", restrictions: { users: ["bo"], groups: ["leads"] } },
      { file: "1003.html", space: "W", title: "Below", breadcrumbs: ["Secret"] },
    ),
    ...Object.fromEntries([1001, 1002, 1003].map((id) => [`${id}.html`, "<p>Text</p>"])),
    "people.jsonl": lines(
      { account_id: "ada", display_name: "Ada", email: "ada@example.com" },
      { account_id: "bo", display_name: "Bo", status: "inactive" },
      { account_id: "cy", display_name: "Cy" },
    ),
  };
  const leads = { name: "leads", id: "11111111-2222-4333-8444-555555555555", members: ["ada"] };
  const seenBy = (site: Site, id: string) =>
    pagesOf(site)
      .filter((page) => mayView(site, { type: "user", id }, page.id))
      .map(({ title }) => title);

  it("without groups everybody reads every space, and restrictions keep out whom they do not name", async () => {
    const site = await load(await folderOf(files));
    expect([...site.directory.groups.values()]).toMatchObject([
      { name: "confluence-users", isLicensed: true, members: new Set([ACCOUNT_ID, "ada", "bo", "cy"]) },
    ]);
    expect(["ada", "bo", "cy", ACCOUNT_ID].map((id) => seenBy(site, id))).toEqual([
      ["Open"],
      [],
      ["Open"],
      ["Open", "Secret", "Below"],
    ]);
  });

  it("groups have the members that the folder gives, those who may use the site too", async () => {
    const everybody = { name: "confluence-users", members: ["ada", "bo"] };
    const site = await load(await folderOf({ ...files, "groups.jsonl": lines(leads, everybody) }));
    expect(site.directory.groups.get(leads.id)).toMatchObject({ name: "leads", isLicensed: false });
    expect(["ada", "bo", "cy", ACCOUNT_ID].map((id) => seenBy(site, id))).toEqual([
      ["Open", "Secret", "Below"],
      [],
      [],
      ["Open", "Secret", "Below"],
    ]);
    const group = site.directory.restrictions.get("1002")?.read.groups;
    expect(group).toEqual([leads.id]);
  });

  it("a line of people or groups that cannot be read is named", async () => {
    const folder = await folderOf({ ...files, "groups.jsonl": lines(leads, { name: "x" }) });
    await expect(load(folder)).rejects.toThrow("groups.jsonl, line 2");
  });
});
