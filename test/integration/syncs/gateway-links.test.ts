import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addPage, editPage } from "#infra/local/confluence-site/edits.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { makeSyncWorld, SPACE, type SyncWorld } from "#test/support/sync-world.ts";

const GATEWAY = "https://demo.atlassian.net/ex/confluence/abc-1";
const SITE = "https://demo.atlassian.net/wiki";

describe("links in chunks of a source behind Atlassian's gateway", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql);
    await database.sql`update archon_sources set base_url = ${GATEWAY}`;
    await database.sql`update confluence_sites set base_url = ${GATEWAY}, api_base = ${GATEWAY}`;
  });
  afterAll(() => database.close());

  const markdown = async (word: string) => (await world.find(word))[0]?.content ?? "";

  it("links of a source behind the gateway use the site's own address: paths, attachments, images, files, links to the gateway", async () => {
    const page = addPage(world.site, {
      space: SPACE,
      title: "Links",
      body: `<p>Linkword <a href="/wiki/spaces/DEMO/pages/90001">home</a> <a href="/display/DEMO/Old">old</a>
        <a href="${GATEWAY}/wiki/spaces/DEMO/pages/7">copied</a>
        <ac:image ac:alt="plan"><ri:attachment ri:filename="plan.png"/></ac:image>
        <ac:structured-macro ac:name="view-file"><ac:parameter ac:name="name"><ri:attachment ri:filename="spec.pdf"/></ac:parameter></ac:structured-macro></p>`,
    });
    await world.sync();
    const chunk = await markdown("Linkword");
    expect(chunk).toContain(`[home](${SITE}/spaces/DEMO/pages/90001)`);
    expect(chunk).toContain(`[old](${SITE}/display/DEMO/Old)`);
    expect(chunk).toContain(`[copied](${SITE}/spaces/DEMO/pages/7)`);
    expect(chunk).toContain(`](${SITE}/download/attachments/${page.id}/plan.png)`);
    expect(chunk).toContain(`](${SITE}/download/attachments/${page.id}/spec.pdf)`);
    expect(chunk).not.toContain("/ex/confluence/");
    const [hit] = await world.find("Linkword");
    expect(hit?.url).toMatch(`${SITE}/spaces/DEMO/pages/${page.id}`);
    expect((await world.source()).webBase).toBe(SITE);
  });

  it("links in old forms lead to the page by its id where the index knows it", async () => {
    const target = addPage(world.site, { space: SPACE, title: "Pump 4 & 5", body: "<p>Targetword</p>" });
    await world.sync();
    const old = [
      `/pages/viewpage.action?pageId=${target.id}#top`,
      `/wiki/pages/viewpage.action?focusedCommentId=9&amp;pageId=${target.id}`,
      `${SITE}/pages/viewpage.action?pageId=${target.id}`,
      `${GATEWAY}/wiki/pages/viewpage.action?pageId=${target.id}`,
      `/display/${SPACE}/Pump+4+%26+5`,
      `/wiki/pages/viewpage.action?spaceKey=${SPACE}&amp;title=Pump+4+%26+5`,
    ];
    const others = [
      "/pages/viewpage.action?pageId=77777777",
      "/display/ELSEWHERE/Pump+4+%26+5",
      `https://other.example/wiki/pages/viewpage.action?pageId=${target.id}`,
    ];
    const links = [...old, ...others].map((href) => `<p><a href="${href}">x</a></p>`).join("");
    const entity = `<p><ac:link><ri:content-entity ri:content-id="${target.id}"/><ac:link-body>y</ac:link-body></ac:link></p>`;
    addPage(world.site, { space: SPACE, title: "Old links", body: `<p>Linkword</p>${links}${entity}` });
    await world.sync();
    const chunk = await markdown("Linkword");
    const url = `${SITE}/spaces/${SPACE}/pages/${target.id}`;
    expect(chunk.match(/\[x\]\([^)]*\)/g)).toEqual([
      `[x](${url}#top)`,
      ...Array.from({ length: old.length - 1 }, () => `[x](${url})`),
      `[x](${SITE}/pages/viewpage.action?pageId=77777777)`,
      `[x](${SITE}/display/ELSEWHERE/Pump+4+%26+5)`,
      `[x](https://other.example/wiki/pages/viewpage.action?pageId=${target.id})`,
    ]);
    expect(chunk).toContain(`[y](${url})`);
  });

  it("links to indexed pages contain their ids, which a rename does not change", async () => {
    const target = addPage(world.site, { space: SPACE, title: "Old name", body: "<p>Targetword</p>" });
    await world.sync();
    const link = (title: string) =>
      `<p>Sourceword <ac:link ac:anchor="top"><ri:page ri:content-title="${title}"/></ac:link></p>`;
    const page = addPage(world.site, { space: SPACE, title: "Linking", body: link("Old name") });
    await world.sync();
    expect(await markdown("Sourceword")).toContain(`](${SITE}/spaces/DEMO/pages/${target.id}#top)`);
    editPage(world.site, target.id, { title: "New name" });
    editPage(world.site, page.id, { body: link("New name") });
    await world.sync();
    expect(await markdown("Sourceword")).toContain(`](${SITE}/spaces/DEMO/pages/${target.id}#top)`);
  });
});
