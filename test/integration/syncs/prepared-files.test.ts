import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ConfluenceClient } from "#shared/confluence/client.ts";
import { keepText } from "#shared/documents/attachment-texts.ts";
import { recordFiles, type FileToRecord } from "#shared/documents/files.ts";
import { readPageStates } from "#shared/documents/page-states.ts";
import { PermanentError, TransientError } from "#shared/errors.ts";
import type { ExtractedFile } from "#shared/extraction/extracted-file.ts";
import type { Log } from "#shared/log.ts";
import { EXTRACTION_REVISION, FILE_REVISION } from "#shared/extraction/file-revision.ts";
import { MOST_BYTES } from "#shared/extraction/read-types.ts";
import { prepareFile } from "#shared/syncs/files/prepare-file.ts";
import { optionalCalls, type SkippedCalls } from "#shared/syncs/optional-calls.ts";
import type { ClaimedWork } from "#shared/syncs/operations/work-claims.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { addClaimedWork, batchOf, endOfWork } from "#test/support/page-batch.ts";
import { addSource, NOW, store } from "#test/support/stored-pages.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const FILE_ID = "att5";
const UNREAD = { extractor: "none", ocr: false };
const URL = "https://site.example/file";
const log = { warn: () => {} } as unknown as Log;
const embedder = fakeEmbedder();
const textOf = (markdown: string, warnings: string[] = []): ExtractedFile => ({
  result: "text",
  extractor: "reader 1",
  parts: [{ place: null, markdown }],
  warnings,
});
describe("a file that is to be stored", () => {
  let database: TestDatabase;
  let work: ClaimedWork;
  /** What the site and the extractor were asked for. */
  let asked: unknown[];
  /** What the extractor answers in turn. */
  let answers: (ExtractedFile | Error)[];
  let skipped: SkippedCalls;
  let attachment: ConfluenceClient["attachment"];
  let attachmentAddress: ConfluenceClient["attachmentAddress"];
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    const { sql } = database;
    await addSource(sql, embedder, { sourceId: "docs" });
    await store(sql, embedder, { pageId: "1", labels: ["ops"], chunks: ["Text."] });
    work = await addClaimedWork(sql, { kind: "attachment", pageId: FILE_ID });
    asked = [];
    answers = [textOf("The pump runs.")];
    skipped = new Map();
    attachment = async () => ({ status: "current", containerId: "1" });
    attachmentAddress = async ({ containerId, id, version }) =>
      `https://media/${containerId}/${id}/${version}`;
    await record({});
  });
  afterAll(() => database.close());

  const record = async (more: Partial<FileToRecord>) => {
    const url = "https://site.example/file";
    const file = {
      id: FILE_ID,
      containerId: "1",
      title: "pump.md",
      version: 2,
      bytes: 10,
      fileId: null,
      url,
    };
    await recordFiles(database.sql, "docs", [
      { ...file, mediaType: "text/markdown", modifiedAt: NOW, ...more },
    ]);
  };
  const prepare = async (ocr: "none" | "local" = "none", attachments = true) => {
    const states = await readPageStates(database.sql, "docs", [FILE_ID]);
    const extractor = async (request: object) => {
      asked.push(request);
      const answer = answers.shift();
      if (!answer || answer instanceof Error) throw answer ?? new Error("Nothing more is read");
      return answer;
    };
    const batch = batchOf(database.sql, {
      source: { content: { blogposts: false, comments: "none", attachments }, refusedCalls: {} },
      client: { attachment, attachmentAddress },
      services: { env: { OCR: ocr }, extractor, log },
    });
    const calls = optionalCalls({ ...batch, ...batch.services, skipped });
    return prepareFile({ ...batch, calls }, work, states.get(FILE_ID));
  };
  const ended = async () => endOfWork(database.sql);
  const markStored = async (more: { version?: number; revision?: number } = {}) => {
    const { version = 2, revision = FILE_REVISION } = more;
    await database.sql`
      update confluence_pages set version = ${version}, representation_revision = ${revision} where page_id = ${FILE_ID}`;
  };

  it("a new file is downloaded, read, and prepared with what its page gives it", async () => {
    const prepared = await prepare();
    expect(asked).toEqual([
      { url: "https://media/1/att5/2", name: "pump.md", media_type: "text/markdown", max_bytes: MOST_BYTES },
    ]);
    expect(prepared).toMatchObject({
      work,
      containerId: "1",
      file: { result: "text", extractor: "reader 1", ocr: false, message: null },
      page: {
        sourceId: "docs",
        pageId: FILE_ID,
        kind: "attachment",
        title: "pump.md",
        version: 2,
        representationRevision: FILE_REVISION,
        status: "current",
        parentId: null,
        url: URL,
        labels: ["ops"],
        modifiedAt: NOW,
        textLost: null,
        chunks: [{ content: "The pump runs." }],
      },
    });
    expect(await ended()).toMatchObject({ state: "pending" });
  });

  it("a file whose type is not said is read as any bytes", async () => {
    await record({ version: 3, title: "pump", mediaType: null });
    await prepare();
    expect(asked).toMatchObject([{ media_type: "application/octet-stream" }]);
  });

  it("what the extraction left out is recorded as lost text, a warning a line", async () => {
    answers = [textOf("The pump runs.", ["rows were cut", "text was cut"])];
    expect((await prepare())?.page.textLost).toBe("rows were cut\ntext was cut");
  });

  it("a file that is delivered again is neither downloaded nor stored again", async () => {
    await markStored();
    expect(await prepare()).toBeNull();
    expect(asked).toEqual([]);
    expect(await ended()).toMatchObject({ state: "done", outcome: "unchanged" });
  });

  it.each<[string, () => Promise<unknown>]>([
    ["in an older version", async () => markStored({ version: 1 })],
    ["by an older extraction", async () => markStored({ revision: FILE_REVISION - 1 })],
    [
      "and hidden since",
      async () => database.sql`update confluence_pages set missing_since = ${NOW} where page_id = ${FILE_ID}`,
    ],
    [
      "and deleted since",
      async () => database.sql`update confluence_pages set is_deleted = true where page_id = ${FILE_ID}`,
    ],
    [
      "and failed since",
      async () =>
        database.sql`update confluence_pages set sync_error = '{"code":"x"}' where page_id = ${FILE_ID}`,
    ],
  ])("a file that is stored %s is prepared anew", async (_, change) => {
    await markStored();
    await change();
    expect(await prepare()).toMatchObject({ page: { pageId: FILE_ID } });
  });

  it("no file is prepared when files were switched off, or when search does not find its page", async () => {
    expect(await prepare("none", false)).toBeNull();
    expect(await ended()).toMatchObject({
      outcome: "skipped",
      reason: "This kind of content was switched off",
    });
    await database.sql`update sync_work set state = 'pending'`;
    await database.sql`update confluence_pages set missing_since = ${NOW} where page_id = '1'`;
    expect(await prepare()).toBeNull();
    expect(await ended()).toMatchObject({
      outcome: "skipped",
      reason: "What the file is on is not stored, or not visible",
    });
    expect(asked).toEqual([]);
  });

  describe("although it was deleted here", () => {
    beforeEach(async () => {
      await database.sql`update confluence_pages set is_deleted = true where page_id = ${FILE_ID}`;
    });

    it.each([
      ["gone", null],
      ["in the trash", { status: "trashed", containerId: "1" }],
    ])("a deleted file that is listed once more and is %s is not stored again", async (_, status) => {
      attachment = async () => status;
      expect(await prepare()).toBeNull();
      expect(asked).toEqual([]);
      expect(await ended()).toMatchObject({
        outcome: "skipped",
        reason: "The file is not in Confluence any more",
      });
      const [row] =
        await database.sql`select file ->> 'gone' as gone from confluence_pages where page_id = ${FILE_ID}`;
      expect(row?.["gone"]).toBe("true");
    });

    it("a deleted file of which Confluence does not say that it is gone is stored again", async () => {
      attachment = async () => {
        throw new PermanentError("forbidden", "no");
      };
      expect(await prepare()).toMatchObject({ page: { pageId: FILE_ID } });
    });

    it("a deleted file of which Confluence does not answer in time is asked for again", async () => {
      const timeout = new TransientError("timeout", "no answer");
      attachment = async () => {
        throw timeout;
      };
      await expect(prepare()).rejects.toBe(timeout);
      expect(asked).toEqual([]);
    });
  });

  describe("and its text", () => {
    const keep = async (markdown: string, ocr = false) =>
      keepText(
        database.sql,
        { sourceId: "docs", id: FILE_ID, version: 2, revision: EXTRACTION_REVISION, ocr, now: NOW },
        textOf(markdown),
      );
    const contents = async (ocr?: "local") => (await prepare(ocr))?.page.chunks.map((chunk) => chunk.content);

    it("a kept text is used without a download, and a text that was read is kept", async () => {
      await prepare();
      asked.length = 0;
      expect(await contents()).toEqual(["The pump runs."]);
      expect(asked).toEqual([]);
    });

    it("a kept text that was read without OCR is read again by OCR, if OCR reads the file's name or type", async () => {
      await record({ version: 2, title: "scan.pdf", mediaType: null });
      await keep("old");
      expect(await contents()).toEqual(["old"]);
      expect(await contents("local")).toEqual(["The pump runs."]);
      await record({ version: 2, title: "scan", mediaType: "application/pdf" });
      await keep("old");
      answers = [textOf("read by type")];
      expect(await contents("local")).toEqual(["read by type"]);
    });

    it("what was read with OCR says so", async () => {
      expect((await prepare("local"))?.file).toMatchObject({ result: "text", ocr: true });
    });

    it("a kept text of what OCR does not read is used although OCR is on", async () => {
      await keep("kept");
      expect(await contents("local")).toEqual(["kept"]);
    });

    it("a file of a type without text is found by its name, without a download", async () => {
      await record({ version: 2, title: "Pump training.mp4", mediaType: "video/mp4" });
      expect(await prepare()).toMatchObject({
        file: { ...UNREAD, result: "unsupported_type", message: expect.stringContaining(".mp4") },
        page: { chunks: [{ content: "Pump training.mp4" }], textLost: null },
      });
      expect(asked).toEqual([]);
    });

    it("a file of more bytes than are read is found by its name, and one of exactly as many is read", async () => {
      await record({ version: 2, bytes: MOST_BYTES + 1 });
      const message = `The file has ${MOST_BYTES + 1} bytes; the most that is read is ${MOST_BYTES}`;
      expect((await prepare())?.file).toEqual({ ...UNREAD, result: "too_large", message });
      await record({ version: 2, bytes: MOST_BYTES });
      expect((await prepare())?.file).toMatchObject({ result: "text" });
    });
  });

  describe("and cannot be downloaded", () => {
    it("an address that expired is requested once more", async () => {
      answers = [new PermanentError("signed_url_expired", "expired"), textOf("The pump runs.")];
      expect(await prepare()).not.toBeNull();
      expect(asked).toHaveLength(2);
    });

    it.each(["scope_missing", "address_refused", "credentials_rejected"])(
      "a download that is refused for the whole source (%s) fails this file alone",
      async (code) => {
        attachmentAddress = async () => {
          throw new PermanentError(code, "not for you");
        };
        await expect(prepare()).rejects.toMatchObject({ code: "file_refused", message: "not for you" });
      },
    );

    it("addresses that do not come in time, however often, stop no later download", async () => {
      const address = attachmentAddress;
      attachmentAddress = async () => {
        throw new TransientError("timeout", "no answer");
      };
      for (let time = 1; time <= 5; time += 1) await expect(prepare()).rejects.toThrow("no answer");
      attachmentAddress = address;
      expect(await prepare()).toMatchObject({ page: { pageId: FILE_ID } });
    });

    it.each([
      new PermanentError("not_found", "gone"),
      new TransientError("timeout", "no answer"),
      new TypeError("a bug"),
    ])("a download that fails otherwise fails as it is: %s", async (error) => {
      answers = [error];
      await expect(prepare()).rejects.toBe(error);
    });
  });
});
