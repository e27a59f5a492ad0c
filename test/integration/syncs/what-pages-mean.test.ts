import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addPage } from "#infra/local/confluence-site/edits.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { makeSyncWorld, SPACE, type SyncWorld } from "#test/support/sync-world.ts";

describe("what a sync keeps of a page", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql, { pages: 1 });
  });
  afterAll(() => database.close());

  const add = (title: string, body: string) => addPage(world.site, { space: SPACE, title, body });

  it("a page without text is found by its title", async () => {
    add("Quarterly lighthouse calendar", "");
    expect(await world.sync()).toMatchObject({ status: "completed", sync_metrics: { pages_failed: 0 } });
    const [hit] = await world.find("Quarterly lighthouse calendar");
    expect(hit).toMatchObject({ title: "Quarterly lighthouse calendar", content: "" });
  });

  it("a sync keeps the source of a diagram and hidden properties beside a macro that shows content from elsewhere", async () => {
    const source =
      '<ac:structured-macro ac:name="mermaid"><ac:plain-text-body><![CDATA[graph TD; Tankwagon-->Pump]]></ac:plain-text-body></ac:structured-macro>';
    const page = add("Depot", `${source}<ac:structured-macro ac:name="children"/>`);
    page.rendered =
      '<img src="diagram.png"/><ul class="childpages-macro"><li><a href="/wiki/1">Periscope manual</a></li></ul>';
    expect(await world.sync()).toMatchObject({ status: "completed", sync_metrics: { pages_failed: 0 } });
    expect((await world.find("Tankwagon"))[0]?.content).toContain("graph TD; Tankwagon-->Pump");
    expect((await world.find("Periscope"))[0]?.title).toBe("Depot");
  });

  it("a sync keeps the name of the person whom a profile macro shows", async () => {
    world.site.people.set("557058:x1", "Ilse Kaltwasser");
    add(
      "On call",
      '<ac:structured-macro ac:name="profile"><ac:parameter ac:name="user"><ri:user ri:account-id="557058:x1"/></ac:parameter></ac:structured-macro>',
    );
    await world.sync();
    expect((await world.find("Kaltwasser"))[0]?.title).toBe("On call");
  });
});
