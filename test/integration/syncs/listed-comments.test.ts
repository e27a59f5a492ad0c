import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Comment, ConfluenceClient, ListedComment, ListedFile } from "#shared/confluence/client.ts";
import { upsertComments, type CommentToStore } from "#shared/documents/comments.ts";
import { recordFiles } from "#shared/documents/files.ts";
import { PermanentError, TransientError } from "#shared/errors.ts";
import { newComments, withContainers } from "#shared/syncs/comments/list-comments.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";
import { commentToStore, listedFile } from "#test/support/comments-and-files.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { addSource, NOW, store } from "#test/support/stored-pages.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const embedder = fakeEmbedder();
const comment = (id: string, more: Partial<Comment> = {}): Comment => ({
  ...commentToStore(id),
  spaceKey: "docs",
  ...more,
});
const file = (id: string, containerId: string | null) => listedFile(id, { containerId });

describe("listed comments", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    const { sql } = database;
    await addSource(sql, embedder, { sourceId: "docs" });
    for (const pageId of ["1", "2"]) await store(sql, embedder, { pageId, chunks: ["Text."] });
  });
  afterAll(() => database.close());

  /** A site with these comments; `asked`: the ids of each query. */
  function siteWith(
    comments: readonly Comment[],
    options: { odd?: string[]; refuse?: (ids: string[]) => Error | null } = {},
  ) {
    const { odd = [], refuse = () => null } = options;
    const asked: string[][] = [];
    const searchComments: ConfluenceClient["searchComments"] = async (cql) => {
      const ids: string[] = cql.match(/\d+/g) ?? [];
      asked.push(ids);
      const error = refuse(ids);
      if (error) throw error;
      const found = comments.filter(({ id }) => ids.includes(id));
      return { comments: found, odd, skipped: odd.length, next: null };
    };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one call that is made
    return { client: { searchComments } as ConfluenceClient, asked };
  }
  const contextOf = (client: ConfluenceClient) =>
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that the functions use
    ({
      client,
      source: { sourceId: "docs", content: { attachments: false }, refusedCalls: {} },
      operation: { failures: 0 },
      services: { sql: database.sql, now: () => NOW },
    }) as StepContext;
  const put = async (...comments: CommentToStore[]) => upsertComments(database.sql, "docs", comments);
  /** Ids of those listed comments whose bodies are requested. */
  const requested = async (...listed: ListedComment[]) => {
    const { client, asked } = siteWith([]);
    await newComments(contextOf(client), listed);
    return asked.flat();
  };
  describe("and what is stored of them", () => {
    beforeEach(async () => {
      await put(commentToStore("10", { version: 2 }));
    });

    it("the body of a comment that is stored as it was listed is not requested", async () => {
      expect(await requested(comment("10", { version: 2 }))).toEqual([]);
      expect(await requested(comment("10", { version: 2, containerId: null }))).toEqual([]);
    });

    it.each<[string, Partial<Comment>]>([
      ["in a new version", { version: 3 }],
      ["with another resolution, which makes no version", { version: 2, resolution: "resolved" }],
      ["on another page", { version: 2, containerId: "2" }],
    ])("the body of a comment listed %s is requested", async (_, more) => {
      expect(await requested(comment("10", more))).toEqual(["10"]);
    });

    it("a comment listed in an older version says nothing, whatever else it says", async () => {
      expect(
        await requested(comment("10", { version: 1, resolution: "resolved", containerId: "2" })),
      ).toEqual([]);
    });

    it("the body of a comment that a check missed, or that is new, is requested", async () => {
      await database.sql`update confluence_comments set missing_since = ${NOW}`;
      expect(await requested(comment("10", { version: 2 }), comment("11"))).toEqual(["10", "11"]);
    });

    it("a comment on a file that is listed on the file's page did not move", async () => {
      await recordFiles(database.sql, "docs", [{ ...file("att5", "1"), containerId: "1" }]);
      expect(await requested(comment("10", { version: 2, containerId: "att5" }))).toEqual([]);
      expect(await requested(comment("10", { version: 2, containerId: "att6" }))).toEqual([]);
    });
  });

  it("bodies are requested fifty at a time, and nothing that was not asked for is used", async () => {
    const listed = Array.from({ length: 51 }, (_, n) => comment(`${100 + n}`));
    const { client, asked } = siteWith(listed);
    const { comments, missing, unreadable } = await newComments(contextOf(client), listed);
    expect(asked.map((ids) => ids.length)).toEqual([50, 1]);
    expect([comments.length, missing, unreadable]).toEqual([51, 0, []]);
    const all: ConfluenceClient["searchComments"] = async () => ({
      comments: [comment("1"), comment("2")],
      odd: ["3", "4"],
      skipped: 2,
      next: null,
    });
    const found = await newComments(contextOf({ ...client, searchComments: all }), [
      comment("1"),
      comment("3"),
    ]);
    expect(found).toMatchObject({ comments: [{ id: "1" }], unreadable: ["3"], missing: 0 });
  });

  it("a comment that did not come, or in an older version only, is missing", async () => {
    const { client } = siteWith([comment("11", { version: 1 }), comment("12")]);
    const listed = [comment("10"), comment("11", { version: 2 }), comment("12")];
    expect((await newComments(contextOf(client), listed)).missing).toBe(2);
  });

  it("where nothing of a response can be read, each of a few comments is requested by itself", async () => {
    const refuse = (ids: string[]) =>
      ids.length > 1 ? new PermanentError("invalid_answer", "no comments") : null;
    const { client, asked } = siteWith([comment("10"), comment("11")], { refuse });
    const { comments } = await newComments(contextOf(client), [comment("10"), comment("11")]);
    expect(comments.map(({ id }) => id)).toEqual(["10", "11"]);
    expect(asked).toEqual([["10", "11"], ["10"], ["11"]]);
    const ten = Array.from({ length: 10 }, (_, n) => comment(`${100 + n}`));
    const site = siteWith(ten, { refuse });
    expect((await newComments(contextOf(site.client), ten)).comments).toHaveLength(10);
    expect(site.asked).toHaveLength(1 + 10);
  });

  it.each<[string, Error, number]>([
    ["a single comment", new PermanentError("invalid_answer", "no comments"), 1],
    ["more than ten", new PermanentError("invalid_answer", "no comments"), 11],
    ["a few that the account may not read", new PermanentError("forbidden", "no"), 2],
    ["a few in time", new TransientError("timeout", "no answer"), 2],
  ])(
    "a response that fails for %s is an error, and they are not requested one by one",
    async (_, error, count) => {
      const listed = Array.from({ length: count }, (__, n) => comment(`${100 + n}`));
      const { client, asked } = siteWith([], { refuse: () => error });
      await expect(newComments(contextOf(client), listed)).rejects.toBe(error);
      expect(asked).toHaveLength(1);
    },
  );

  describe("and the pages that they are on", () => {
    const placed = async (comments: Comment[], above: Comment[] = [], files: ListedFile[] = []) => {
      const { client, asked } = siteWith(above);
      const found = await withContainers(contextOf(client), comments, files);
      return { pages: found.comments.map(({ id, containerId }) => `${id} on ${containerId}`), asked };
    };
    const reply = (id: string, parentId: string) => comment(id, { containerId: null, parentId });

    it("a reply is on the page of what it replies to, at any depth, in whichever order they are listed", async () => {
      const { pages, asked } = await placed([reply("12", "11"), reply("11", "10"), comment("10")]);
      expect(pages).toEqual(["12 on 1", "11 on 1", "10 on 1"]);
      expect(asked).toEqual([]);
    });

    it("a reply to a stored comment is on its page, without a request", async () => {
      await put(commentToStore("10", { containerId: "2" }));
      expect(await placed([reply("11", "10")])).toEqual({ pages: ["11 on 2"], asked: [] });
    });

    it("what a reply replies to is requested, level by level", async () => {
      const above = [reply("12", "11"), comment("11", { containerId: "2" })];
      expect(await placed([reply("13", "12")], above)).toEqual({
        pages: ["13 on 2"],
        asked: [["12"], ["11"]],
      });
    });

    it("a reply to what is gone is left out, as is a circle of replies", async () => {
      expect(await placed([reply("11", "10")])).toEqual({ pages: [], asked: [["10"]] });
      expect(await placed([reply("11", "12"), reply("12", "11")])).toEqual({ pages: [], asked: [] });
    });

    it("a comment on a file is on the file's page, which is stored or listed with it", async () => {
      await recordFiles(database.sql, "docs", [{ ...file("att5", "1"), containerId: "1" }]);
      const on = (id: string, containerId: string) => comment(id, { containerId });
      const comments = [on("10", "att5"), on("11", "att6"), on("12", "att7"), reply("13", "11")];
      const { pages } = await placed(comments, [], [file("att6", "2"), file("att7", null)]);
      expect(pages).toEqual(["10 on 1", "11 on 2", "13 on 2"]);
    });

    describe("of which the index has no file", () => {
      const on = (id: string, containerId: string) => comment(id, { containerId });
      /** `unplaced` of comments on these files, the ids that were asked for, and the pages that the comments are on. */
      const asked = async (
        fileIds: readonly string[],
        attachment: ConfluenceClient["attachment"],
        { attachments = true, failures = 0 } = {},
      ) => {
        const ids: string[] = [];
        const client = { ...siteWith([]).client, attachment: (id: string) => (ids.push(id), attachment(id)) };
        const plain = contextOf(client);
        const content = { ...plain.source.content, attachments };
        const context = {
          ...plain,
          source: { ...plain.source, content },
          operation: { ...plain.operation, failures },
        };
        const comments = fileIds.map((id, n) => on(`${10 + n}`, id));
        const found = await withContainers(context, comments);
        const pages = found.comments.map(({ id, containerId }) => `${id} on ${containerId}`);
        return { ids, pages, unplaced: found.unplaced };
      };
      const currentOn = (containerId: string | null) => async () => ({ status: "current", containerId });

      it("a comment on an unknown file is on the page that Confluence names, which is asked for once", async () => {
        expect(await asked(["att5", "att5"], currentOn("2"))).toEqual({
          ids: ["att5"],
          pages: ["10 on 2", "11 on 2"],
          unplaced: 0,
        });
      });

      it.each<[string, Awaited<ReturnType<ConfluenceClient["attachment"]>>]>([
        ["that is gone", null],
        ["in the trash", { status: "trashed", containerId: "1" }],
        ["on no page", { status: "current", containerId: null }],
      ])("a comment on a file %s is left out for good", async (_, answer) => {
        expect(await asked(["att5"], async () => answer)).toEqual({ ids: ["att5"], pages: [], unplaced: 0 });
      });

      it("no unknown file is asked for where files are not synced", async () => {
        const none = { ids: [], pages: [], unplaced: 0 };
        expect(await asked(["att5"], currentOn("2"), { attachments: false })).toEqual(none);
      });

      it("fifty unknown files are asked for at most, and comments on further ones remain to be placed", async () => {
        const fifty = Array.from({ length: 50 }, (_, n) => `att${n}`);
        const { ids, pages, unplaced } = await asked([...fifty, "att50", "att50"], currentOn("2"));
        expect([ids, pages.length, unplaced]).toEqual([fifty, 50, 2]);
      });

      it("a file that cannot be asked for in time fails the step once, then its comments remain to be placed", async () => {
        const error = new TransientError("timeout", "no answer");
        const fail = async () => Promise.reject(error);
        await expect(asked(["att5"], fail)).rejects.toBe(error);
        expect(await asked(["att5"], fail, { failures: 1 })).toMatchObject({ pages: [], unplaced: 1 });
      });

      it("comments on files of which the site refuses to tell do not keep a listing incomplete", async () => {
        const refuse = async () => Promise.reject(new PermanentError("forbidden", "no"));
        expect(await asked(["att5"], refuse)).toMatchObject({ pages: [], unplaced: 0 });
      });
    });
  });
});
