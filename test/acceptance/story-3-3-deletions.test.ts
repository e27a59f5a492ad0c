import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { trashPage } from "#infra/local/confluence-site/page-status-edits.ts";
import { eventually } from "#test/support/eventually.ts";
import {
  createTestSource,
  expectEnded,
  pageByTitle,
  startServiceWithSite,
  type ServiceWithSite,
} from "#test/support/service-with-site.ts";

const DAY_MS = 24 * 60 * 60_000;

describe("story 3.3: deletion detection", () => {
  let at: ServiceWithSite;
  const logged: Record<string, unknown>[] = [];
  beforeAll(async () => {
    at = await startServiceWithSite({
      pages: 12,
      strategy: "weekly_reconciliation",
      runner: {
        env: { LOG_LEVEL: "info" },
        writeLog: (line) => logged.push(JSON.parse(line) as Record<string, unknown>),
      },
    });
    await at.sync();
  });
  afterAll(() => at.close());
  const sql = () => at.runner.services.sql;
  const source = async () => {
    const [row] = await sql()`select metadata from archon_sources where source_id = ${at.sourceId}`;
    return row?.metadata as Record<string, string | null>;
  };
  const setStrategy = async (deletion_strategy: string) => {
    const answer = await fetch(`${at.runner.url}/api/confluence/${at.sourceId}`, {
      method: "PATCH",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ deletion_strategy }),
    });
    expect(answer.status).toBe(200);
  };
  const tick = (time: Date) =>
    at.runner.invoke("reconcile-deletions", { "detail-type": "Scheduled Event", time: time.toISOString() });
  const ended = () =>
    eventually(async () => expectEnded(await at.service.latestOperation(at.sourceId)), { withinMs: 60_000 });
  const deletedTitles = async () =>
    (await at.service.pages(at.sourceId, "deleted")).map((page) => page.title);
  const isSearchable = async (word: string, pageId: string) =>
    (await at.service.search(word, 5)).some((hit) => hit.page_id === pageId);
  const checks = async () => {
    const [row] = await sql()`
      select count(*)::int as count from archon_progress where source_id = ${at.sourceId} and operation_type = 'deletion_check'`;
    return Number(row?.count);
  };

  it("3.3 AC1: the strategy is stored in metadata->>'deletion_strategy', weekly by default, and can be changed", async () => {
    expect((await source()).deletion_strategy).toBe("weekly_reconciliation");
    for (const strategy of ["every_sync", "on_demand", "weekly_reconciliation"]) {
      await setStrategy(strategy);
      expect((await source()).deletion_strategy).toBe(strategy);
    }
  });

  it("3.3 AC2: with weekly a check runs on exactly every seventh daily tick, and last_deletion_check is stored", async () => {
    const start = Date.now();
    const checkedOn: number[] = [];
    for (let day = 0; day < 60; day += 1) {
      const before = await checks();
      await tick(new Date(start + day * DAY_MS));
      if ((await checks()) === before) continue;
      checkedOn.push(day);
      await ended();
      expect((await source()).last_deletion_check).toBe(new Date(start + day * DAY_MS).toISOString());
    }
    expect(checkedOn).toEqual([0, 7, 14, 21, 28, 35, 42, 49, 56]);
  });

  it("3.3 IV1: with weekly Confluence is listed for deletions once in seven days", async () => {
    const last = Date.parse(String((await source()).last_deletion_check));
    const { requests } = at.confluence.site;
    for (let day = 1; day <= 7; day += 1) {
      const before = requests.length;
      await tick(new Date(last + day * DAY_MS));
      await ended();
      const listings = requests.slice(before).filter((request) => request.path === "/wiki/api/v2/pages");
      expect(listings.length > 0, `day ${day}`).toBe(day === 7);
    }
  });

  it("3.3 AC3: with every_sync each sync is closed by a check that compares page ids", async () => {
    await setStrategy("every_sync");
    const before = await checks();
    await at.sync();
    expect(await checks()).toBe(before + 1);
    expect(await deletedTitles()).toEqual([]);
  });

  it("3.3 IV2: with every_sync a deletion is found within one cycle", async () => {
    trashPage(at.confluence.site, pageByTitle(at.confluence.site, "Topic 1").id);
    await at.sync();
    expect(await deletedTitles()).toEqual(["Topic 1"]);
  });

  it("3.3 AC4: with on_demand a sync never deletes; a manual invocation does, and requires the source", async () => {
    await setStrategy("on_demand");
    trashPage(at.confluence.site, pageByTitle(at.confluence.site, "Topic 2").id);
    const before = await checks();
    await at.sync();
    await tick(new Date(Date.now() + 100 * DAY_MS));
    expect(await checks()).toBe(before);
    expect(await deletedTitles()).not.toContain("Topic 2");
    await expect(at.runner.invoke("reconcile-deletions", {})).rejects.toThrow(/source_id/);
    await at.runner.invoke("reconcile-deletions", { source_id: at.sourceId, dry_run: true });
    await ended();
    expect(await deletedTitles()).not.toContain("Topic 2");
    await at.runner.invoke("reconcile-deletions", { source_id: at.sourceId });
    await ended();
    expect(await deletedTitles()).toContain("Topic 2");
  });

  it("3.3 AC5: is_deleted is set, and the page's chunks are deleted in the same transaction", async () => {
    const page = pageByTitle(at.confluence.site, "Topic 3");
    expect(await isSearchable("marker3", page.id)).toBe(true);
    trashPage(at.confluence.site, page.id);
    await at.runner.invoke("reconcile-deletions", { source_id: at.sourceId });
    await ended();
    const [row] = await sql()`
      select is_deleted, (select count(*)::int from archon_crawled_pages c where c.page_id = p.page_id) as chunks
      from confluence_pages p where source_id = ${at.sourceId} and page_id = ${page.id}`;
    expect(row).toEqual({ is_deleted: true, chunks: 0 });
  });

  it("3.3 IV3: search no longer finds chunks of a deleted page", async () => {
    expect(await isSearchable("marker3", pageByTitle(at.confluence.site, "Topic 3").id)).toBe(false);
    expect(await isSearchable("marker4", pageByTitle(at.confluence.site, "Topic 4").id)).toBe(true);
  });

  it("3.3 AC6: a deletion is logged and sent as an event with page_id, title and deletion_timestamp", async () => {
    const page = pageByTitle(at.confluence.site, "Topic 3");
    const deletion = {
      page_id: page.id,
      title: "Topic 3",
      deletion_timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      reason: "trashed",
      actor: "manual",
    };
    expect(logged).toContainEqual(expect.objectContaining({ event: "page.deleted", ...deletion }));
    await at.runner.invoke("sweep", {});
    expect(at.runner.recentEvents()).toContainEqual(
      expect.objectContaining({ type: "page.deleted", detail: expect.objectContaining(deletion) }),
    );
  });

  it("3.3: above the cap no page is deleted or hidden until the check is repeated with force", async () => {
    const big = await startServiceWithSite({ pages: 14 });
    try {
      await big.sync();
      for (let number = 1; number <= 12; number += 1)
        trashPage(big.confluence.site, pageByTitle(big.confluence.site, `Topic ${number}`).id);
      await big.runner.invoke("reconcile-deletions", { source_id: big.sourceId });
      const held = await eventually(
        async () => expectEnded(await big.service.latestOperation(big.sourceId)),
        { withinMs: 60_000 },
      );
      expect(held).toMatchObject({ status: "held", error: { code: "deletions_held" } });
      expect(await big.service.pages(big.sourceId, "deleted")).toEqual([]);
      await big.runner.invoke("reconcile-deletions", { source_id: big.sourceId, force: true });
      await eventually(async () => expectEnded(await big.service.latestOperation(big.sourceId)), {
        withinMs: 60_000,
      });
      expect(await big.service.pages(big.sourceId, "deleted")).toHaveLength(12);
    } finally {
      await big.close();
    }
  });

  it("3.3: two sources have separate strategies", async () => {
    await expect(createTestSource(at.service, at.confluence.url, "every_sync")).rejects.toThrow(/409/);
    expect((await source()).deletion_strategy).toBe("on_demand");
  });
});
