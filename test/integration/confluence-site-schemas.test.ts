import type * as V1 from "confluence.js/v1";
import type * as V2 from "confluence.js/v2";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { SAMPLE_FOLDER } from "#infra/local/confluence-site/sample-folder.ts";
import { loadSite } from "#infra/local/confluence-site/load-site.ts";
import { addComment, addReply, resolveComment } from "#infra/local/confluence-site/comment-edits.ts";
import { addFolder, addPage } from "#infra/local/confluence-site/edits.ts";
import { restrictPage, trashPage } from "#infra/local/confluence-site/page-status-edits.ts";
import {
  addGroup,
  assignRoles,
  deleteGroup,
  putPerson,
  restrictContent,
} from "#infra/local/confluence-site/directory-edits.ts";
import { EVERYBODY_GROUP } from "#infra/local/confluence-site/directory.ts";
import { uploadFile } from "#infra/local/confluence-site/file-edits.ts";
import { startConfluenceSite, type RunningSite } from "#infra/local/confluence-site/start.ts";

/**
 * Answers of every endpoint against the library's schemas, as strict as they can be made: with AUDIT_SCHEMAS a field that they
 * do not describe is an error too, and enums are closed. The switch is read while the library loads, so it is loaded here,
 * and nothing that loads it may be imported above.
 */
let running: RunningSite;
let v1: typeof V1;
let v2: typeof V2;

type Sent = { url: string; method?: string; searchParams?: Record<string, unknown>; body?: unknown };

/** Asks the site over HTTP; a strict schema refuses what does not fit. */
const client = {
  async sendRequest<T>(request: Sent & { schema?: z.ZodType<T> }): Promise<T> {
    const url = new URL(running.url + request.url);
    for (const [name, value] of Object.entries(request.searchParams ?? {})) {
      if (value !== undefined)
        url.searchParams.set(name, Array.isArray(value) ? value.join() : z.coerce.string().parse(value));
    }
    const response = await fetch(url, {
      method: request.method ?? "GET",
      headers: { authorization: `Basic ${Buffer.from("a@b.example:demo-token").toString("base64")}` },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    });
    if (response.status !== 200) throw new Error(`${response.status} for ${url.href}`);
    if (!request.schema) throw new Error("The library has no schema for this answer");
    return request.schema.parse(await response.json());
  },
};

beforeAll(async () => {
  process.env["AUDIT_SCHEMAS"] = "true";
  v1 = await import("confluence.js/v1");
  v2 = await import("confluence.js/v2");
  const site = await loadSite(SAMPLE_FOLDER, {
    now: () => new Date("2026-03-04T10:15:30Z"),
    random: () => 0.5,
  });
  const folder = addFolder(site, { space: "DEMO", title: "A folder" });
  const inFolder = addPage(site, { space: "DEMO", title: "In a folder", body: "<p/>", parentId: folder.id });
  addPage(site, { space: "DEMO", title: "Below", body: "<p/>", parentId: inFolder.id, labels: ["x"] });
  trashPage(site, addPage(site, { space: "DEMO", title: "Trashed", body: "<p/>" }).id);
  addPage(site, { kind: "blogpost", space: "DEMO", title: "A blog post", body: "<p/>", labels: ["news"] });
  const [ledger = ""] = [...site.pages.values()].flatMap(({ id, title }) => (title === "Ledger" ? id : []));
  addReply(site, addComment(site, { containerId: ledger, body: "<p>Why?</p>" }).id, { body: "<p>So</p>" });
  const inline = addComment(site, { containerId: ledger, body: "<p>Sure?</p>", selection: "ledger" });
  addReply(site, inline.id, { body: "<p>Yes</p>" });
  resolveComment(site, inline.id, { status: "resolved" });
  uploadFile(site, { containerId: ledger, title: "a.txt", bytes: Buffer.from("a") });
  restrictPage(site, addPage(site, { space: "DEMO", title: "Secret", body: "<p/>" }).id, "account");
  putPerson(site, "ada", { email: "ada@example.com", isGuest: true });
  addGroup(site, { name: "gone" });
  restrictContent(site, ledger, { users: ["ada", "deleted"], groups: ["confluence-users", "gone"] });
  deleteGroup(site, "gone");
  assignRoles(site, "DEMO", [{ role: "Viewer", users: ["ada"], classes: ["all-licensed-users"] }]);
  running = await startConfluenceSite({ site });
});

afterAll(async () => {
  delete process.env["AUDIT_SCHEMAS"];
  await running.close();
});

const space = () => Number([...running.site.spaces.keys()][0]);
const pageId = (title: string) =>
  Number([...running.site.pages.values()].find((page) => page.title === title)?.id);

describe("every endpoint passes the library's strict schemas", () => {
  it("the strict schemas are on: an undocumented field is rejected", async () => {
    const schema = z.strictObject({ results: z.array(z.unknown()) });
    await expect(client.sendRequest({ url: "/wiki/api/v2/spaces", schema })).rejects.toThrow(/_links/);
    const { LabelSchema } = v2;
    expect(LabelSchema.safeParse({ id: "1", name: "a", prefix: "global", surprise: 1 }).success).toBe(false);
  });

  it("v1 user/current, known and anonymous, passes the library's strict schema", async () => {
    const user = await v1.getCurrentUser(client);
    expect(user.timeZone).toBe("Europe/Berlin");
    running.site.settings.answer_as_anonymous = true;
    const anonymous = await v1.getCurrentUser(client);
    running.site.settings.answer_as_anonymous = false;
    expect(anonymous).toMatchObject({ type: "anonymous" });
    expect(anonymous.accountId).toBeUndefined();
  });

  it("v1 content/search, with everything that can be expanded, passes the library's strict schema", async () => {
    const found = await v1.searchContentByCQL(client, {
      cql: "space = DEMO order by title",
      expand: ["version", "ancestors", "metadata.labels", "space", "body.storage", "body.export_view"],
      limit: 20,
    });
    expect(found.results).toHaveLength(20);
    expect(found._links.next).toMatch(/^\/rest\/api\/content\/search\?/);
    const plain = await v1.searchContentByCQL(client, { cql: "title = Below", expand: ["ancestors"] });
    expect(plain.results[0]?.ancestors?.map((item) => item.type)).toEqual(["folder", "page"]);
  });

  it("v1 search passes the library's strict schema", async () => {
    const found = await v1.searchByCQL(client, { cql: "space = DEMO and type = page", limit: 1 });
    expect(found.totalSize).toBe(67);
    expect(found.results).toHaveLength(1);
  });

  it("v2 pages, listed and by id in every status with bodies, pass the library's strict schema", async () => {
    const listed = await v2.getPages(client, { spaceId: [space()], limit: 250 });
    expect(listed.results).toHaveLength(67);
    expect(new Set(listed.results?.map((page) => page.parentType))).toContain("folder");
    const byId = await v2.getPages(client, {
      id: [pageId("Trashed"), pageId("Ledger")],
      status: ["current", "archived", "trashed", "deleted"],
      bodyFormat: "storage",
    });
    expect(byId.results?.map((page) => page.status).toSorted()).toEqual(["current", "trashed"]);
    expect(byId.results?.every((page) => page.body?.storage?.value !== undefined)).toBe(true);
  });

  it("v2 pages of a space and of a label pass the library's strict schema", async () => {
    const inSpace = await v2.getPagesInSpace(client, { id: space(), limit: 10 });
    expect(inSpace._links?.next).toMatch(/^\/wiki\/api\/v2\/spaces\/\d+\/pages\?.*cursor=/);
    const labels = await v2.getSpaceContentLabels(client, { id: space(), limit: 250 });
    const label = labels.results?.find(({ name }) => name === "service");
    const labelled = await v2.getLabelPages(client, { id: Number(label?.id) });
    expect(labelled.results).toHaveLength(8);
  });

  it("a v2 page with storage, view and labels passes the library's strict schema", async () => {
    const id = pageId("On-Call");
    const storage = await v2.getPageById(client, { id, bodyFormat: "storage", includeLabels: true });
    expect(storage.body?.storage?.value).toContain("ac:structured-macro");
    expect(storage.labels?.results?.map((label) => label.name)).toEqual(["operations", "oncall"]);
    const view = await v2.getPageById(client, { id, bodyFormat: "view" });
    expect(view.body?.view?.value).toContain("the secondary is paged");
  });

  it("a v2 page with export_view passes the library's strict schema except for its body, which that schema lacks", async () => {
    const refused = v2.getPageById(client, { id: pageId("On-Call"), bodyFormat: "export_view" });
    await expect(refused).rejects.toMatchObject({
      issues: [{ code: "unrecognized_keys", keys: ["export_view"], path: ["body"] }],
    });
  });

  it("v2 blog posts, listed, of a space and by id with labels, pass the library's strict schema", async () => {
    const listed = await v2.getBlogPosts(client, { spaceId: [space()], bodyFormat: "storage" });
    expect(listed.results?.map((post) => post.title)).toContain("A blog post");
    const inSpace = await v2.getBlogPostsInSpace(client, { id: space() });
    expect(inSpace.results).toHaveLength(2);
    const id = pageId("A blog post");
    const single = await v2.getBlogPostById(client, { id, bodyFormat: "storage", includeLabels: true });
    expect(single.labels?.results?.map((label) => label.name)).toEqual(["news"]);
    const found = await v1.searchContentByCQL(client, {
      cql: "type = blogpost",
      expand: ["version", "ancestors", "metadata.labels", "space", "container"],
    });
    expect(found.results.map((hit) => hit.type)).toEqual(["blogpost", "blogpost"]);
  });

  it("comments, by search and in every v2 listing, pass the library's strict schema", async () => {
    const found = await v1.searchContentByCQL(client, {
      cql: `container = ${pageId("Ledger")} and type = comment order by id`,
      expand: [
        "version",
        "history",
        "ancestors",
        "space",
        "container",
        "body.storage",
        "body.export_view",
        "extensions.resolution",
        "extensions.inlineProperties",
      ],
    });
    expect(found.results.map((hit) => hit.ancestors?.length)).toEqual([0, 1, 0, 1]);
    const plain = await v1.searchContentByCQL(client, { cql: "type = comment" });
    expect(plain.results).toHaveLength(10);
    await v1.searchByCQL(client, { cql: "type = comment" });
    const id = pageId("Ledger");
    const bodyFormat = "storage" as const;
    expect((await v2.getFooterComments(client, { bodyFormat })).results).toHaveLength(4);
    expect((await v2.getInlineComments(client, { bodyFormat })).results).toHaveLength(3);
    const [footer] = (await v2.getPageFooterComments(client, { id, bodyFormat })).results ?? [];
    const [inline] = (await v2.getPageInlineComments(client, { id, bodyFormat })).results ?? [];
    const footerId = Number(footer?.id);
    const inlineId = Number(inline?.id);
    expect((await v2.getFooterCommentChildren(client, { id: footerId })).results).toHaveLength(1);
    expect((await v2.getInlineCommentChildren(client, { id: inlineId })).results).toHaveLength(1);
    await v2.getFooterCommentById(client, { commentId: footerId, bodyFormat });
    const single = await v2.getInlineCommentById(client, { commentId: inlineId, bodyFormat });
    expect(single.resolutionStatus).toBe("resolved");
  });

  it("files, by search and in v2, and the map of ids to types pass the library's strict schema", async () => {
    const found = await v1.searchContentByCQL(client, {
      cql: "type = attachment",
      expand: ["version", "history", "metadata.labels", "space", "container"],
    });
    const [{ id = "" } = {}] = found.results;
    await v1.searchByCQL(client, { cql: "type = attachment" });
    expect((await v2.getAttachmentById(client, { id })).title).toBe("a.txt");
    expect((await v2.getPageAttachments(client, { id: pageId("Ledger") })).results).toHaveLength(1);
    // The sample site has a file of its own.
    expect((await v2.getAttachments(client)).results).toHaveLength(2);
    const map = await v2.convertContentIdsToContentTypes(client, { body: { contentIds: [id, "1"] } });
    expect(map.results).toEqual({ [id]: "attachment", 1: null });
  });

  it("v2 spaces, space, folder and users pass the library's strict schema", async () => {
    expect((await v2.getSpaces(client, { keys: ["DEMO"] })).results).toHaveLength(1);
    expect((await v2.getSpaceById(client, { id: space() })).key).toBe("DEMO");
    const folder = Number([...running.site.folders.keys()][0]);
    expect((await v2.getFolderById(client, { id: folder })).title).toBe("A folder");
    const accountIds = [...running.site.people.keys(), "unknown"];
    const users = await v2.createBulkUserLookup(client, { body: { accountIds } });
    expect(users.results).toHaveLength(accountIds.length - 1);
  });

  it("restrictions, with a search and alone, whole, cut and of deleted principals, pass the library's strict schema", async () => {
    const id = String(pageId("Ledger"));
    const { settings } = running.site;
    for (const deleted of ["named", "unnamed"] as const) {
      settings.deleted_principals = deleted;
      for (const size of [1, 25]) {
        settings.embedded_principals = size;
        const expand = ["restrictions.read.restrictions.user", "restrictions.read.restrictions.group"];
        const { results } = await v1.searchContentByCQL(client, { cql: `id = ${id}`, expand });
        const { user, group } = results[0]?.restrictions?.read?.restrictions ?? {};
        expect([user?.results.length, group?.results.length]).toEqual([Math.min(size, 3), Math.min(size, 2)]);
      }
      await v1.getRestrictionsByOperation(client, { id });
      const own = await v1.getRestrictionsForOperation(client, { id, operationKey: "read", limit: 2 });
      expect(own.restrictions?.user?._links?.next).toContain("start=2");
    }
    const partly = ["restrictions.read.restrictions.user", "restrictions.update"];
    await v1.searchContentByCQL(client, { cql: "space = DEMO", expand: partly });
  });

  it("groups, their members and permission checks pass the library's strict schema", async () => {
    const groups = await v1.getGroups(client, { accessType: "user" });
    expect(groups.results.map(({ id }) => id)).toEqual([EVERYBODY_GROUP]);
    const members = await v1.getGroupMembersByGroupId(client, { groupId: EVERYBODY_GROUP, limit: 2 });
    expect([members.size, members._links?.next]).toEqual([2, expect.stringContaining("start=2")]);
    const operation = "read" as const;
    const id = String(pageId("Ledger"));
    for (const [identifier, hasPermission] of [
      ["anonymous", false],
      ["712020:8a51c1de-2c7e-4f3a-9d0b-5d1f6a2b7c90", true],
    ] as const) {
      const subject = { type: "user" as const, identifier };
      expect(await v1.checkContentPermission(client, { id, subject, operation })).toMatchObject({
        hasPermission,
      });
    }
  });

  it("permissions of a space, roles and their assignments pass the library's strict schema", async () => {
    const permissions = await v2.getSpacePermissionsAssignments(client, { id: space(), limit: 2 });
    expect([permissions.results?.length, permissions._links?.next]).toEqual([2, expect.any(String)]);
    expect(await v2.getSpaceRoleMode(client)).toEqual({ mode: "PRE_ROLES" });
    expect((await v2.getAvailableSpaceRoles(client)).results?.map(({ name }) => name)).toContain("Viewer");
    expect((await v2.getSpaceRoleAssignments(client, { id: space() })).results).toHaveLength(2);
  });
});
