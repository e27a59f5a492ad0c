import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addComment, editComment } from "#infra/local/confluence-site/comment-edits.ts";
import { addPage, editPage } from "#infra/local/confluence-site/edits.ts";
import { uploadFile } from "#infra/local/confluence-site/file-edits.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { bodyOf, makeSyncWorld, SPACE, type SyncWorld } from "#test/support/sync-world.ts";

const DAY_MS = 24 * 60 * 60_000;

type Item = { id?: string; version?: { number: number } };

describe.each(["everything", "unrestricted"] as const)(
  "items that come twice in one response, with access %s",
  (access) => {
    let database: TestDatabase;
    let world: SyncWorld;
    beforeAll(async () => {
      database = await createTestDatabase();
    });
    beforeEach(async () => {
      await database.clear();
      world = await makeSyncWorld(database.sql, {
        pages: 3,
        content: { blogposts: true, comments: "open", attachments: true },
        access: { access, unreadableContainers: "trust" },
      });
      addPage(world.site, { kind: "blogpost", space: SPACE, title: "Post", body: bodyOf("news") });
      addComment(world.site, { containerId: id(1), body: "<p>Remark about the old lighthouse</p>" });
      uploadFile(world.site, {
        containerId: id(1),
        title: "tides.txt",
        bytes: Buffer.from("Table of tides"),
        mediaType: "text/plain",
      });
    });
    afterAll(() => database.close());

    const id = (n: number) => world.page(`Page ${n}`).id;
    const repeatEach = (again: (item: Item) => Item = (item) => item) => {
      world.onTheWay.change = (text, url) => {
        if (!/content\/search|\/pages\?|\/blogposts\?/.test(url)) return text;
        const response = JSON.parse(text) as { results?: Item[] };
        const results = (response.results ?? []).flatMap((item) => [item, again(item)]);
        return JSON.stringify({ ...response, results });
      };
    };
    const expectAll = async () => {
      for (const word of ["word1", "word2", "word3", "news", "lighthouse", "tides"])
        expect(await world.find(word), word).not.toEqual([]);
    };

    it("a sync stores a space whose items come twice, and so do a sync of changes and a check", async () => {
      repeatEach();
      expect(await world.sync()).toMatchObject({
        status: "completed",
        sync_metrics: { pages_added: 4, comments_added: 1, files_added: 1 },
      });
      await expectAll();
      world.pass(DAY_MS);
      await world.sync();
      world.pass(DAY_MS);
      editPage(world.site, id(1), { body: bodyOf("zeppelin") });
      const [comment] = [...world.site.comments.values()];
      editComment(world.site, String(comment?.id), { body: "<p>Remark about the new lighthouse</p>" });
      expect(await world.sync()).toMatchObject({
        status: "completed",
        sync_metrics: { pages_updated: 1, comments_updated: 1 },
      });
      expect(await world.find("zeppelin")).toHaveLength(1);
      world.pass(DAY_MS);
      expect(await world.check()).toMatchObject({
        status: "completed",
        sync_metrics: { pages_hidden: 0, pages_deleted: 0, comments_deleted: 0 },
      });
    });

    it("a response that comes a second time does not make up for the one that did not come", async () => {
      for (let n = 0; n < 250; n += 1)
        uploadFile(world.site, {
          containerId: id(2),
          title: `reef${n}.bin`,
          bytes: Buffer.from("x"),
          mediaType: "application/x-none",
        });
      let first: Item[] = [];
      world.onTheWay.change = (text, url) => {
        if (
          !url.includes("content/search") ||
          (!url.includes("attachment%29") && !url.includes("type+%3D+attachment"))
        )
          return text;
        const response = JSON.parse(text) as { results: Item[] };
        if (first.length === 0) first = response.results;
        else return JSON.stringify({ ...response, results: first.slice(0, response.results.length) });
        return text;
      };
      await world.sync();
      expect((await world.source()).metadata.last_sync_timestamp).toBeNull();
      world.onTheWay.change = null;
      world.pass(DAY_MS);
      await world.sync();
      expect(await world.find("tides")).not.toEqual([]);
      const [row] = await database.sql`
        select count(*)::int as files from confluence_pages where kind = 'attachment' and not is_deleted`;
      expect(row?.files).toBe(251);
    });

    it.each([
      ["before", -1],
      ["after", 1],
    ])(
      "of a comment that comes in two versions the newer one is stored, with the older %s it",
      async (_, order) => {
        const [comment] = [...world.site.comments.values()];
        editComment(world.site, String(comment?.id), { body: "<p>Remark about the new zeppelin</p>" });
        world.onTheWay.change = (text, url) => {
          if (!url.includes("content/search")) return text;
          const response = JSON.parse(text) as { results?: Item[] };
          const results = (response.results ?? []).flatMap((item) => {
            if (item.id !== comment?.id || !item.version) return [item];
            const body = { storage: { value: "<p>Remark about the old lighthouse</p>" } };
            const older = {
              ...item,
              version: { ...item.version, number: 1 },
              ...("body" in item ? { body } : {}),
            };
            return order < 0 ? [older, item] : [item, older];
          });
          return JSON.stringify({ ...response, results });
        };
        expect(await world.sync()).toMatchObject({
          status: "completed",
          sync_metrics: { comments_added: 1 },
        });
        expect(await world.find("zeppelin")).toHaveLength(1);
        expect(await world.find("lighthouse")).toEqual([]);
      },
    );
  },
);
