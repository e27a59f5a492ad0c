import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { changeFile, loseFile, replaceFile, uploadFile } from "#infra/local/confluence-site/file-edits.ts";
import { makeSyncWorld, SOURCE_ID, type SyncWorld } from "#test/support/sync-world.ts";
import { pptx, sheetData, textShape, xlsx } from "#test/support/office-files.ts";
import { encryptedPdf, pdfFile, scannedPdf } from "#test/support/pdf-file.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const DAY_MS = 24 * 60 * 60_000;

let database: TestDatabase;
let world: SyncWorld;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.clear();
  world = await makeSyncWorld(database.sql, {
    pages: 2,
    content: { blogposts: true, comments: "open", attachments: true },
  });
});

const upload = (name: string, bytes: Uint8Array, mediaType = "application/octet-stream", size?: number) =>
  uploadFile(world.site, {
    containerId: world.page("Page 1").id,
    title: name,
    bytes,
    mediaType,
    ...(size === undefined ? {} : { size }),
  });
const note = (name: string, text: string) => upload(name, Buffer.from(text), "text/plain");
const downloads = () => world.site.mediaRequests.length;
type Listed = { title: string; file: { result: string; message: string }; error: { code: string } | null };
const listed = async (query: Record<string, string> = {}): Promise<Listed[]> =>
  (await world.api("GET", `/api/confluence/${SOURCE_ID}/pages`, { query: { kind: "attachment", ...query } }))
    .body.pages;

describe("a hit says where in its file it is", () => {
  it("case 32: a PDF's page, with the heading of the page before", async () => {
    const line = (text: string, y: number, size = 12) => ({ text, x: 72, y, size });
    const pages = [
      { lines: [line("Winter service", 720, 24), line("Ice is removed from the northern pier.", 660)] },
      { lines: [line("The southern pier is closed between storms.", 720)] },
    ];
    upload("piers.pdf", pdfFile(pages), "application/pdf");
    await world.sync();
    const [hit] = await world.find("southern pier closed");
    expect(hit).toMatchObject({ file: { name: "piers.pdf", page: 2 }, headingPath: ["Winter service"] });
    const response = await world.api("POST", "/api/rag/query", { body: { query: "southern pier closed" } });
    expect(response.body.results[0]).toMatchObject({
      kind: "attachment",
      file: { name: "piers.pdf", media_type: "application/pdf", page: 2, slide: null, sheet: null },
      parent: { title: "Page 1" },
    });
  });

  it("case 34: a slide's number and a sheet's name, whose header is in each chunk", async () => {
    upload(
      "deck.pptx",
      pptx([
        { shapes: textShape("Welcome", "title") },
        { shapes: textShape("Penguin census", "title") + textShape("Counted in March", null) },
      ]),
    );
    const rows = Array.from({ length: 300 }, (_, n) => [`Berth ${n}`, `Captain number ${n} of the flotilla`]);
    upload("berths.xlsx", xlsx({ Berths: sheetData([["Berth", "Captain"], ...rows]) }));
    await world.sync();
    expect((await world.find("penguin census"))[0]).toMatchObject({ file: { slide: 2 } });
    expect((await world.find("captain number 299"))[0]).toMatchObject({
      file: { sheet: "Berths" },
      headingPath: ["Berths"],
    });
    const chunks =
      await database.sql`select content from archon_crawled_pages where heading_path = '{Berths}'`;
    expect(chunks.length).toBeGreaterThan(3);
    for (const { content } of chunks) expect(content).toMatch(/^(?:## Berths\n\n)?\| Berth \| Captain \|/);
  });
});

describe("what has no text is found by its name, with the reason", () => {
  it("case 31: scans, encrypted, legacy, large, damaged and empty files", async () => {
    upload("inventory of scans.pdf", scannedPdf(), "application/pdf");
    upload("payroll secret.pdf", encryptedPdf("hidden", "password"), "application/pdf");
    upload("old minutes.doc", Buffer.from("anything"), "application/msword");
    upload("mooring video.mp4", Buffer.from("anything"), "video/mp4");
    upload("charter atlas.txt", Buffer.from("small"), "text/plain", 60 * 2 ** 20);
    upload("damaged budget.xlsx", Buffer.from("no archive"));
    upload("empty agenda.txt", Buffer.from(""), "text/plain");
    upload("image2024-5-6_7-8-9.png", Buffer.from("anything"), "image/png");
    const { sync_metrics, status } = await world.sync();
    expect({ status, ...sync_metrics }).toMatchObject({
      status: "completed",
      files_added: 8,
      files_failed: 0,
      files_no_text: 2,
      files_unsupported_type: 3,
      files_unreadable: 3,
    });
    const results = Object.fromEntries((await listed()).map(({ title, file }) => [title, file.result]));
    expect(results).toEqual({
      "inventory of scans.pdf": "no_text",
      "payroll secret.pdf": "encrypted",
      "old minutes.doc": "unsupported_type",
      "mooring video.mp4": "unsupported_type",
      "charter atlas.txt": "too_large",
      "damaged budget.xlsx": "extraction_failed",
      "empty agenda.txt": "no_text",
      "image2024-5-6_7-8-9.png": "unsupported_type",
    });
    expect(await listed({ file_result: "encrypted" })).toMatchObject([{ title: "payroll secret.pdf" }]);
    // Scans, the encrypted, the damaged and the empty one; the type or the size of the others says enough.
    expect(downloads()).toBe(4);
    for (const name of ["mooring video", "old minutes", "charter atlas"])
      expect(await world.find(name)).toHaveLength(1);
    expect(await world.find("image2024")).toEqual([]);
  });

  it("case 36: an extractor that is ended by its limits fails that version of the file, not its page or the next file", async () => {
    world.extraction.crashes = 1;
    const bomb = upload("bomb report.txt", Buffer.from("never seen"), "text/plain");
    const id = await world.startSync();
    const first = await world.ended(id);
    await world.queues.accept("file", [{ operation_id: id, source_id: SOURCE_ID, page_id: bomb.id }]);
    await world.drain();
    const work =
      await database.sql`select state, attempts, crashes from sync_work where page_id = ${bomb.id}`;
    expect([...work]).toEqual([{ state: "done", attempts: 1, crashes: 0 }]);
    note("gulls.txt", "Gulls nest on the harbour crane");
    const second = await world.sync();
    expect([first.status, second.status]).toEqual(["completed", "completed"]);
    expect(await listed({ file_result: "extraction_failed" })).toMatchObject([
      { title: "bomb report.txt", file: { message: expect.stringContaining("limits") }, error: null },
    ]);
    expect(await world.find("gulls crane")).toHaveLength(1);
    const rows = await database.sql`
      select version, chunk_count from confluence_pages where page_id = ${bomb.id}`;
    expect([...rows]).toEqual([{ version: 1, chunk_count: 1 }]);
    const before = downloads();
    await world.sync({ mode: "full" });
    expect(downloads()).toBe(before);
  });
});

describe("a download follows one redirect, to the media host, without credentials", () => {
  const DOWNLOAD = "/child/attachment/";

  it("case 25: the token is sent to Confluence and not to the media host", async () => {
    note("tides.txt", "Tides are measured at the pier");
    await world.sync();
    expect(world.site.mediaRequests).toMatchObject([{ credentials: [], status: 200 }]);
    expect(await world.find("tides measured")).toHaveLength(1);
  });

  it.each([
    ["another host", "https://evil.example.com/file/1/binary?token=x"],
    ["http", "http://api.media.atlassian.com/file/1/binary?token=x"],
    ["a private address", "https://10.0.0.1/file/1/binary"],
    ["a host that begins like the media host", "https://api.media.atlassian.com.example.com/file"],
    ["credentials in the address", "https://user:secret@api.media.atlassian.com/file/1/binary"],
  ])("case 25: a redirect to %s is refused, and fails the file alone", async (_, location) => {
    note("tides.txt", "Tides are measured at the pier");
    world.site.faults.push({ effect: "redirect", location, path: DOWNLOAD, times: 100 } as never);
    const { status, sync_metrics } = await world.sync();
    expect({ status, ...sync_metrics }).toMatchObject({
      status: "completed_with_errors",
      pages_added: 2,
      files_failed: 1,
    });
    expect(world.site.mediaRequests).toEqual([]);
    expect(await listed()).toMatchObject([{ error: { code: "file_refused" } }]);
    expect((await world.source()).status).toBe("active");
    world.site.faults.length = 0;
    world.pass(DAY_MS);
    await world.sync();
    expect(await world.find("tides measured")).toHaveLength(1);
  });

  it("case 26: a lost file fails alone, and is stored when the media host has it again", async () => {
    const file = note("tides.txt", "Tides are measured at the pier");
    loseFile(world.site, file.id, true);
    const { status, sync_metrics } = await world.sync();
    expect({ status, ...sync_metrics }).toMatchObject({
      status: "completed_with_errors",
      pages_added: 2,
      files_failed: 1,
    });
    expect(await listed()).toMatchObject([{ error: { code: "file_not_found" } }]);
    loseFile(world.site, file.id, false);
    world.pass(DAY_MS);
    await world.sync();
    expect(await world.find("tides measured")).toHaveLength(1);
    expect(await listed()).toMatchObject([{ error: null }]);
  });

  it("case 26: a new version of a file that was lost is stored by the next sync, though the old one was given up", async () => {
    const file = note("tides.txt", "Tides are measured at the pier");
    loseFile(world.site, file.id, true);
    for (let n = 0; n < 6; n += 1) await world.sync();
    expect(await listed()).toMatchObject([{ error: { code: "file_not_found" } }]);
    replaceFile(world.site, file.id, { bytes: Buffer.from("Currents are measured at the buoy") });
    await world.sync();
    expect(await world.find("currents measured")).toHaveLength(1);
  });

  it("a file that failed on the page that it had left is stored by the check that finds it on another", async () => {
    const file = note("tides.txt", "Tides are measured at the pier");
    const unreachable = { effect: "status", status: 404, path: DOWNLOAD, times: 100 };
    world.site.faults.push(unreachable as never);
    await world.sync();
    world.site.faults.length = 0;
    expect(await listed()).toMatchObject([{ error: { code: "not_found" } }]);
    changeFile(world.site, file.id, { containerId: world.page("Page 2").id });
    await world.check();
    expect(await world.find("tides measured")).toMatchObject([{ parent: { title: "Page 2" } }]);
  });

  it("case 26: an address that has expired is requested once more", async () => {
    note("tides.txt", "Tides are measured at the pier");
    world.site.faults.push({ effect: "status", status: 403, path: "/binary", times: 1 } as never);
    const { sync_metrics } = await world.sync();
    expect(sync_metrics).toMatchObject({ files_added: 1, files_failed: 0 });
    expect(downloads()).toBe(2);
  });

  it("case 27: a token without the scope for files is a warning, not an expired token", async () => {
    note("tides.txt", "Tides are measured at the pier");
    world.site.faults.push({ effect: "scope_missing", path: DOWNLOAD, times: 100 } as never);
    const { status } = await world.sync();
    expect(status).toBe("completed_with_errors");
    const { body } = await world.api("GET", `/api/confluence/${SOURCE_ID}`);
    expect(body.status).toBe("active");
    expect(body.warnings).toContainEqual(
      expect.objectContaining({ code: "scope_missing", message: expect.stringContaining("read:attachment") }),
    );
    expect(await world.find("word1")).toHaveLength(1);
  });

  it("case 28: a size that lies and a body without end are cut at the limit", async () => {
    upload("lying.txt", Buffer.alloc(51 * 2 ** 20, "a"), "text/plain", 10);
    await world.sync();
    expect(await listed({ file_result: "too_large" })).toMatchObject([{ title: "lying.txt" }]);
    note("endless.txt", "a text");
    world.site.faults.push({ effect: "endless_body", path: "/binary", times: 1 } as never);
    await world.sync();
    expect((await listed({ file_result: "too_large" })).map(({ title }) => title)).toContain("endless.txt");
  });

  it("case 29: a 429 pauses the source and counts no attempt", async () => {
    note("tides.txt", "Tides are measured at the pier");
    world.site.faults.push({ effect: "rate_limit", retry_after: 300, path: DOWNLOAD, times: 1 } as never);
    const id = await world.startSync();
    await world.drain();
    const [work] = await database.sql`select attempts from sync_work where kind = 'attachment'`;
    expect(work?.attempts).toBe(0);
    expect((await world.source()).pausedUntil).not.toBeNull();
    expect((await world.ended(id)).sync_metrics).toMatchObject({ files_added: 1, files_failed: 0 });
  });
});

it.each([
  { native: true, extractor: /^liteparse / },
  { native: false, extractor: /^unpdf / },
])(
  "case 35: the row of a PDF names what read it, and the same chunks come of another extraction (native libraries: $native)",
  async ({ native, extractor }) => {
    world.extraction.native = native;
    const lines = ["Winter service", "Ice is removed from the northern pier."];
    const pages = [{ lines: lines.map((text, n) => ({ text, x: 72, y: 720 - 60 * n, size: 24 - 12 * n })) }];
    const file = upload("piers.pdf", pdfFile(pages), "application/pdf");
    const stored = async () => {
      const [row] = await database.sql`
        select file ->> 'extractor' as extractor from confluence_pages where page_id = ${file.id}`;
      const chunks = await database.sql`
        select content, heading_path, metadata, input_hash from archon_crawled_pages
        where page_id = ${file.id} order by chunk_number`;
      return { extractor: row?.extractor, chunks: [...chunks] };
    };
    await world.sync();
    const first = await stored();
    expect(first).toMatchObject({
      extractor: expect.stringMatching(extractor),
      chunks: [{ content: expect.stringContaining("northern pier") }],
    });
    await extractAgain();
    expect(downloads()).toBe(2);
    expect(await stored()).toEqual(first);
  },
);

/** As after a new revision of the extraction. */
async function extractAgain(): Promise<void> {
  await database.sql`update attachment_texts set revision = 0`;
  await database.sql`update confluence_pages set representation_revision = 5 where kind = 'attachment'`;
  await world.sync({ mode: "full" });
}

it("case 37: a new chunker makes files again without a download, a new extraction downloads them", async () => {
  note("tides.txt", "Tides are measured at the pier");
  await world.sync();
  await database.sql`update confluence_pages set representation_revision = 1001 where kind = 'attachment'`;
  const { sync_metrics } = await world.sync({ mode: "full" });
  expect(sync_metrics).toMatchObject({ files_updated: 1 });
  expect(downloads()).toBe(1);
  await extractAgain();
  expect(downloads()).toBe(2);
});
