import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addComment } from "#infra/local/confluence-site/comment-edits.ts";
import { addPage, addSpace } from "#infra/local/confluence-site/edits.ts";
import { uploadFile } from "#infra/local/confluence-site/file-edits.ts";
import { makeApiClient } from "#test/support/api-client.ts";
import { makeApiFixture, type ApiFixture } from "#test/support/api-fixture.ts";
import { NEW_SITE, SITES } from "#test/support/connected-sites.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";

let fixture: ApiFixture;
let added: string[] = [];
beforeAll(async () => {
  fixture = await makeApiFixture();
});
beforeEach(async () => {
  await fixture.reset();
  for (const id of added.splice(0)) fixture.site.spaces.delete(id);
});
afterAll(() => fixture.close());

const addSpaceWithPage = (key: string) => {
  const { id } = addSpace(fixture.site, { key, name: `Space ${key}` });
  added.push(id);
  return addPage(fixture.site, { space: key, title: `Page of ${key}`, body: "<p>Text</p>" });
};
const plan = (fields: object = {}) =>
  fixture.api("POST", SITES, {
    body: { ...NEW_SITE, dry_run: true, spaces: { include: ["S*"] }, ...fields },
  });

describe("the estimate of first syncs", () => {
  it("counts blog posts, comments and files where they are to be synced", async () => {
    const page = addSpaceWithPage("SALES");
    addPage(fixture.site, { space: "SALES", title: "News", body: "<p>Text</p>", kind: "blogpost" });
    for (const n of [1, 2]) addComment(fixture.site, { containerId: page.id, body: `<p>Comment ${n}</p>` });
    for (const n of [1, 2, 3])
      uploadFile(fixture.site, {
        containerId: page.id,
        title: `plan-${n}.txt`,
        bytes: Buffer.from("A plan"),
        mediaType: "text/plain",
      });
    expect((await plan()).body).toMatchObject({
      spaces: [{ space_key: "SALES", pages: 1 }],
      estimate: { spaces: 1, pages: 1, blogposts: 1, comments: 2, files: 3, minutes: 1 },
    });
    const pagesOnly = { content: { blogposts: false, comments: "none", attachments: false } };
    expect((await plan({ defaults: pagesOnly })).body.estimate).toMatchObject({
      pages: 1,
      blogposts: 0,
      comments: 0,
      files: 0,
      chunks: 3,
    });
  });

  it("counts all of 2,000 spaces in less than 300 calls, and shows the pages of the first 100", async () => {
    for (let n = 0; n < 2000; n++) addSpaceWithPage(`S${n}`);
    fixture.site.requests.length = 0;
    const { status, body } = await plan();
    expect([status, body.estimate.spaces, body.estimate.pages]).toEqual([200, 2000, 2000]);
    const counted = body.spaces.filter(({ pages }: { pages: number | null }) => pages !== null);
    expect([body.spaces.length, counted.length]).toEqual([2000, 100]);
    expect(fixture.site.requests.length).toBeLessThan(300);
  });

  it("a limit of dollars lets a cheaper first sync begin, and holds a dearer one", async () => {
    addSpaceWithPage("SALES");
    // 3 chunks of 250 tokens at 0.13 dollars a million.
    const embedder = fakeEmbedder({ model: "text-embedding-3-large@64" });
    const api = await makeApiClient({ ...fixture.services, embedder });
    const limits = { max_dollars: 0.00005 };
    const held = await api("POST", SITES, { body: { ...NEW_SITE, spaces: { include: ["S*"] }, limits } });
    expect(held.body).toMatchObject({ source_count: 0, first_syncs_held: { dollars: 0.0001 } });
    const path = `${SITES}/${held.body.site_id}`;
    await api("PATCH", path, { body: { limits: { max_dollars: 0.01 } } });
    await api("POST", `${path}/discover`, { body: {} });
    expect((await api("GET", path)).body).toMatchObject({ source_count: 1, first_syncs_held: null });
  });
});
