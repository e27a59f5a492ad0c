import { afterEach, beforeEach, expect, it } from "vitest";
import { z } from "zod";
import { addPage } from "#infra/local/confluence-site/edits.ts";
import { uploadFile } from "#infra/local/confluence-site/file-edits.ts";
import { fetchFrom } from "#infra/local/confluence-site/in-process-fetch.ts";
import { makeTestSite } from "#test/support/confluence-site.ts";
import {
  SIGNED_IN,
  serveTestSite,
  type Listed,
  type ServedSite,
} from "#test/support/served-confluence-site.ts";

let at: ServedSite;
let page: string;
let file: string;

beforeEach(async () => {
  at = await serveTestSite();
  page = await at.admin("add", { space: "DEMO", title: "Plan", body: "<p/>" });
  at.clock.advance(600_000);
  const text = { text: "one two three", media_type: "text/plain" };
  file = await at.admin("upload", { container_id: page, title: "to do.txt", ...text });
});

afterEach(() => at.close());

const ids = ({ results }: Listed) => results.map(({ id }) => id);

/** The signed address that a download is redirected to; the status when it is not. */
async function addressOf(container = page, query = ""): Promise<string | number> {
  const path = `/wiki/rest/api/content/${container}/child/attachment/${file}/download${query}`;
  const response = await fetch(at.url + path, { redirect: "manual", headers: SIGNED_IN });
  return response.headers.get("location") ?? response.status;
}

/** What the media host returns for a download. */
async function download(headers: Record<string, string> = {}, query = "") {
  const response = await fetch(await addressOf(page, query).then(String), { headers });
  return { status: response.status, text: await response.text() };
}

it("a search by type finds files with their facts, container and a link that opens them", async () => {
  expect(file).toMatch(/^att\d+$/);
  const expand = "version,ancestors,metadata.labels,space,container,body.storage,extensions.resolution";
  expect((await at.found("space = DEMO and type = attachment", { expand })).results).toMatchObject([
    {
      id: file,
      type: "attachment",
      status: "current",
      title: "to do.txt",
      version: { number: 1 },
      container: { id: page, type: "page" },
      metadata: { mediaType: "text/plain", labels: { results: [] } },
      extensions: { mediaType: "text/plain", fileSize: 13, collectionName: `contentId-${page}` },
      _links: {
        webui: `/spaces/DEMO/pages/${page}/Plan?preview=%2F${page}%2F${file.slice(3)}%2Fto%20do.txt`,
        download: expect.stringMatching(`^/download/attachments/${page}/to%20do.txt\\?version=1&`),
      },
    },
  ]);
  expect(ids(await at.found(`id in (${file}, ${page}) order by id`))).toEqual([page, file]);
  expect(ids(await at.found(`container = ${page}`))).toEqual([file]);
});

it("v2 shows a file by its id and lists those of a page, in the trash when it is asked for", async () => {
  const facts = { id: file, pageId: page, mediaType: "text/plain", fileSize: 13, version: { number: 1 } };
  expect((await at.get(`/wiki/api/v2/attachments/${file}`)).json).toMatchObject(facts);
  expect((await at.get(`/wiki/api/v2/attachments/${file.slice(3)}`)).json).toMatchObject(facts);
  expect((await at.listed(`/wiki/api/v2/pages/${page}/attachments`)).results).toMatchObject([facts]);
  await at.admin("trash_file", { id: file });
  expect(ids(await at.listed("/wiki/api/v2/attachments"))).toEqual([]);
  expect(ids(await at.listed("/wiki/api/v2/attachments?status=trashed"))).toEqual([file]);
  expect((await at.get(`/wiki/api/v2/attachments/${file}`)).json).toMatchObject({ status: "trashed" });
  expect(ids(await at.found("type = attachment"))).toEqual([]);
  await at.admin("restore_file", { id: file });
  expect(ids(await at.found("type = attachment"))).toEqual([file]);
  await at.admin("purge_file", { id: file });
  expect((await at.get(`/wiki/api/v2/attachments/${file}`)).status).toBe(404);
});

it("a download is redirected to a signed address on the media host, for every version", async () => {
  expect(String(await addressOf())).toMatch(
    new RegExp(`^${at.site.mediaUrl}/file/[0-9a-f-]{36}/binary\\?token=`),
  );
  expect(new URL(at.site.mediaUrl).port).not.toBe(new URL(at.url).port);
  await at.admin("replace_file", { id: file, text: "four" });
  expect(await download()).toEqual({ status: 200, text: "four" });
  expect(await download({}, "?version=1")).toEqual({ status: 200, text: "one two three" });
  expect(await addressOf(page, "?version=3")).toBe(404);
  expect((await at.found("type = attachment", { expand: "version" })).results).toMatchObject([
    { version: { number: 2 }, extensions: { fileSize: 4, mediaType: "text/plain" } },
  ]);
});

it("the media host refuses and records credentials", async () => {
  expect((await download()).status).toBe(200);
  expect((await download(SIGNED_IN)).status).toBe(400);
  await at.admin("settings", { media_refuses_with: 403 });
  expect((await download({ cookie: "session=1" })).status).toBe(403);
  const { json } = await at.get("/admin/media_requests");
  expect(json).toMatchObject({
    requests: [
      { credentials: [], status: 200 },
      { credentials: ["authorization"], status: 400 },
      { credentials: ["cookie"], status: 403 },
    ],
  });
});

it("a signed address expires, and is good for its own file only", async () => {
  const address = String(await addressOf());
  expect((await fetch(address.replace("token=", "token=1"))).status).toBe(403);
  const other = address.replace(/file\/[^/]+/, "file/00000000-0000-4000-9000-000000000001");
  expect((await fetch(other)).status).toBe(403);
  at.clock.advance(2_941_000);
  expect((await fetch(address)).status).toBe(403);
  expect((await download()).status).toBe(200);
});

it("a lost file is redirected to an unknown id, which the media host does not have", async () => {
  await at.admin("lose_file", { id: file });
  expect(String(await addressOf())).toContain("/file/UNKNOWN_MEDIA_ID/binary?");
  expect((await download()).status).toBe(404);
  await at.admin("lose_file", { id: file, lost: false });
  expect((await download()).status).toBe(200);
});

it("the download link of listings refuses API tokens, and the working one those who may not see the page", async () => {
  expect((await at.get(`/wiki/download/attachments/${page}/to%20do.txt?version=1`)).status).toBe(401);
  await at.admin("restrict", { id: page });
  expect(await addressOf()).toBe(404);
  await at.admin("fault", { effect: "scope_missing", path: "/child/attachment" });
  expect(await addressOf()).toBe(401);
});

it("renaming and moving a file makes no version, and moves its date only by the setting", async () => {
  await at.admin("add_space", { key: "NEXT", name: "Next" });
  const other = await at.admin("add", { space: "NEXT", title: "Other", body: "<p/>" });
  at.clock.advance(600_000);
  const since = 'lastmodified >= "2026-03-04 11:30" and type = attachment';
  await at.admin("change_file", { id: file, new_title: "done.txt", container_id: other });
  expect(ids(await at.found(since))).toEqual([]);
  expect(
    (await at.found("space = NEXT and type = attachment", { expand: "version,container" })).results,
  ).toMatchObject([{ title: "done.txt", version: { number: 1 }, container: { id: other } }]);
  expect(await addressOf()).toBe(404);
  expect(await addressOf(other)).toContain("name=done.txt");
  await at.admin("settings", { file_properties_move_date: true });
  await at.admin("change_file", { id: file, container_id: page });
  expect(ids(await at.found(since))).toEqual([file]);
  await at.admin("upload", { container_id: page, title: "two.txt", text: "2" });
  expect(await at.refused("change_file", { id: file, new_title: "two.txt" })).toBe(409);
});

it("files go with their page to the trash, and come back with it; comments on a file belong to its page", async () => {
  const comment = await at.admin("comment", { container_id: file, body: "<p>Old</p>" });
  const [hit] = (await at.found("type = comment", { expand: "container" })).results;
  expect(hit).toMatchObject({ id: comment, container: { id: file, type: "attachment" } });
  await at.admin("trash", { id: page });
  expect(ids(await at.found("type in (attachment, comment)"))).toEqual([]);
  expect((await at.get(`/wiki/api/v2/attachments/${file}`)).status).toBe(404);
  await at.admin("restore", { id: page });
  expect(ids(await at.found("type in (attachment, comment) order by id"))).toEqual([file, comment]);
  await at.admin("purge", { id: page });
  expect([at.site.attachments.size, at.site.comments.size]).toEqual([0, 0]);
});

it("listings may lie about a size, and a body may end early or never", async () => {
  await at.admin("replace_file", { id: file, text: "x".repeat(1000), size: 7 });
  expect((await at.found("type = attachment")).results).toMatchObject([{ extensions: { fileSize: 7 } }]);
  await at.admin("fault", { effect: "cut_body", path: "/binary" });
  await expect(download()).rejects.toThrow("terminated");
  await at.admin("fault", { effect: "endless_body", path: "/binary" });
  const endless = await fetch(String(await addressOf()));
  let read = 0;
  for await (const chunk of endless.body ?? []) {
    read += z.instanceof(Uint8Array).parse(chunk).length;
    if (read > 100_000) break;
  }
  expect(endless.headers.get("content-length")).toBeNull();
  await at.admin("fault", { effect: "status", status: 500, path: "/binary" });
  expect((await download()).status).toBe(500);
  await at.admin("fault", { effect: "redirect", location: "http://10.0.0.1/", path: "/download" });
  expect(await addressOf()).toBe("http://10.0.0.1/");
});

it("the media host is a host of its own for a client in the same process too", async () => {
  const { site } = makeTestSite();
  const { id: containerId } = addPage(site, { space: "DEMO", title: "Plan", body: "<p/>" });
  const bytes = Buffer.from([0, 255, 1]);
  const { id } = uploadFile(site, { containerId, title: "raw.bin", bytes });
  const ask = (url: string, headers: Record<string, string>) =>
    fetchFrom(site)(url, {
      method: "GET",
      headers,
      redirect: "manual",
      signal: new AbortController().signal,
    });
  const asked = await ask(
    `${site.url}/wiki/rest/api/content/${containerId}/child/attachment/${id}/download`,
    SIGNED_IN,
  );
  const location = asked.headers.get("location") ?? "";
  expect(location).toMatch(/^https:\/\/api\.media\.atlassian\.com\/file\//);
  expect((await ask(location, SIGNED_IN)).status).toBe(400);
  const { body } = await ask(location, {});
  for await (const chunk of body ?? []) expect(Buffer.from(chunk)).toEqual(bytes);
});
