import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadSite } from "#infra/local/confluence-site/load-site.ts";
import { SAMPLE_FOLDER } from "#infra/local/confluence-site/sample-folder.ts";
import { startConfluenceSite, type RunningSite } from "#infra/local/confluence-site/start.ts";
import { changeSite, type Change } from "#infra/local/demo/site-changes.ts";
import { makeSiteClient, type SitePage } from "#infra/local/demo/site-client.ts";

describe("the week's changes to the sample site", () => {
  let running: RunningSite;
  let before: SitePage[];
  let after: SitePage[];
  let changes: Change[];
  beforeAll(async () => {
    const site = await loadSite(SAMPLE_FOLDER, { now: () => new Date(), random: Math.random });
    running = await startConfluenceSite({ site });
    const client = makeSiteClient(running.url, "DEMO", { email: "a@example.com", apiToken: "demo-token" });
    before = await client.pages();
    changes = await changeSite(client);
    after = await client.pages();
  });
  afterAll(() => running.close());

  const titles = (pages: readonly SitePage[]) => pages.map((page) => page.title).toSorted();
  const changed = (kind: Change["kind"]) =>
    changes
      .filter((change) => change.kind === kind)
      .map((change) => change.title)
      .toSorted();
  const earlier = (page: SitePage) => before.find((candidate) => candidate.id === page.id);

  it("the demo's changes are of every kind, with enough edits for some two hundred searches during swaps", () => {
    expect(changed("updated").length).toBeGreaterThanOrEqual(40);
    for (const kind of ["added", "moved", "deleted"] as const) expect(changed(kind)).not.toEqual([]);
    expect(new Set(changes.map((change) => change.title)).size).toBe(changes.length);
  });

  it("the sample site shows the demo's changes afterwards, and nothing else", () => {
    expect(titles(after.filter((page) => !earlier(page)))).toEqual(changed("added"));
    expect(titles(before.filter((page) => !after.some(({ id }) => id === page.id)))).toEqual(
      changed("deleted"),
    );
    const kept = after.filter((page) => earlier(page));
    expect(titles(kept.filter((page) => page.version !== earlier(page)?.version))).toEqual(
      changed("updated"),
    );
    expect(titles(kept.filter((page) => page.parent_id !== earlier(page)?.parent_id))).toEqual(
      changed("moved"),
    );
  });
});
