import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { uploadFile } from "#infra/local/confluence-site/file-edits.ts";
import { parseEnv } from "#shared/env.ts";
import { openOcr } from "#shared/extraction/ocr-data.ts";
import { pagePicture } from "#test/support/page-picture.ts";
import { pdfFile } from "#test/support/pdf-file.ts";
import { makeSyncWorld, SOURCE_ID, type SyncWorld } from "#test/support/sync-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

let database: TestDatabase;
let world: SyncWorld;
let scan: Awaited<ReturnType<typeof pagePicture>>;
let board: Buffer;
beforeAll(async () => {
  database = await createTestDatabase();
  const shown = (text: string) => pagePicture([{ text, x: 72, y: 700, size: 18 }]);
  scan = await shown("The harbour master closes the gate at sunset");
  board = (await shown("Before sunset each harbour gate is painted")).png;
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.clear();
  world = await makeSyncWorld(database.sql, {
    pages: 1,
    content: { blogposts: false, comments: "none", attachments: true },
  });
  upload("minutes.pdf", pdfFile([{ picture: scan }]), "application/pdf");
  upload("board.png", board, "image/png");
  upload("tides.txt", Buffer.from("Tides are measured at the pier"), "text/plain");
});

const upload = (title: string, bytes: Uint8Array, mediaType: string) =>
  uploadFile(world.site, { containerId: world.page("Page 1").id, title, bytes, mediaType });
const setOcr = (on: boolean) => (world.extraction.ocr = on ? openOcr(parseEnv({}).OCR_DATA) : null);
const downloads = () => world.site.mediaRequests.length;
const found = async () => {
  const hits = [await world.find("gate harbour master"), await world.find("gate painted")];
  return hits.flatMap(([hit]) => hit?.title ?? []);
};
const listed = async (title: string) => {
  const query = { kind: "attachment" };
  const { body } = await world.api("GET", `/api/confluence/${SOURCE_ID}/pages`, { query });
  return body.pages.find((page: { title: string }) => page.title === title);
};

it("without OCR scans and pictures are stored by name, and say what reads them", async () => {
  await world.sync();
  expect(await found()).toEqual([]);
  expect(await listed("minutes.pdf")).toMatchObject({
    file: { result: "no_text", message: expect.stringContaining("OCR=local") },
  });
  expect(await listed("board.png")).toMatchObject({
    file: { result: "unsupported_type", message: expect.stringContaining("OCR=local") },
  });
});

it("with OCR scans and pictures are found by what they show, and the user learns how they were read", async () => {
  setOcr(true);
  await world.sync();
  expect(await found()).toEqual(["minutes.pdf", "board.png"]);
  expect(await listed("minutes.pdf")).toMatchObject({
    file: { result: "text" },
    text_lost: expect.stringContaining("read by OCR"),
  });
});

it("the full sync after OCR was switched on reads the scans and pictures stored before, once, and nothing else", async () => {
  await world.sync();
  expect(downloads()).toBe(2);
  setOcr(true);
  await world.sync();
  expect(downloads()).toBe(2);
  expect((await world.sync({ mode: "full" })).sync_metrics).toMatchObject({
    files_updated: 2,
    files_failed: 0,
  });
  expect(await found()).toEqual(["minutes.pdf", "board.png"]);
  expect(downloads()).toBe(4);
  expect((await world.sync({ mode: "full" })).sync_metrics).toMatchObject({ files_updated: 0 });
  expect(downloads()).toBe(4);
});

it("after OCR was switched off what it read stays, and switching it on again downloads nothing", async () => {
  setOcr(true);
  await world.sync();
  for (const on of [false, true]) {
    setOcr(on);
    await database.sql`update confluence_pages set representation_revision = 5 where kind = 'attachment'`;
    await world.sync({ mode: "full" });
    expect(await found()).toEqual(["minutes.pdf", "board.png"]);
  }
  expect(downloads()).toBe(3);
});

it("a picture without legible text is looked at once", async () => {
  setOcr(true);
  upload(
    "blank.pdf",
    pdfFile([{ picture: { width: 64, height: 64, gray: Buffer.alloc(4096, 90) } }]),
    "application/pdf",
  );
  await world.sync();
  expect(await listed("blank.pdf")).toMatchObject({ file: { result: "no_text" } });
  const before = downloads();
  await world.sync({ mode: "full" });
  expect(downloads()).toBe(before);
});
