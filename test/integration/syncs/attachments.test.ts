import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { trashPage, restorePage, editPage } from "#infra/local/confluence-site/edits.ts";
import {
  changeFile,
  loseFile,
  purgeFile,
  replaceFile,
  restoreFile,
  trashFile,
  uploadFile,
} from "#infra/local/confluence-site/file-edits.ts";
import type { SiteAttachment } from "#infra/local/confluence-site/site.ts";
import { bodyOf, makeSyncWorld, SOURCE_ID, type SyncWorld } from "#test/support/sync-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

let database: TestDatabase;
let world: SyncWorld;
let report: SiteAttachment;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

const on = (title: string) => world.page(title).id;
const upload = (title: string, name: string, text: string | Uint8Array, mediaType = "text/markdown") =>
  uploadFile(world.site, {
    containerId: on(title),
    title: name,
    bytes: typeof text === "string" ? Buffer.from(text) : text,
    mediaType,
  });
const downloads = () => world.site.mediaRequests.length;
const rowOf = async (id: string) => {
  const [row] = await database.sql`
    select version, title, container_id, is_deleted, deleted_reason, missing_since is not null as hidden, chunk_count, file, sync_error
    from confluence_pages where page_id = ${id}`;
  return row;
};

beforeEach(async () => {
  await database.clear();
  world = await makeSyncWorld(database.sql, {
    pages: 3,
    content: { blogposts: true, comments: "open", attachments: true },
  });
  report = upload("Page 1", "harbour-report.md", "# Harbour\n\nThe tugboat quota was raised in autumn.\n");
});

describe("files are found by what they say", () => {
  it("a first sync stores the text of files, and a hit names the file and opens its page", async () => {
    const { sync_metrics, status } = await world.sync();
    expect({ status, ...sync_metrics }).toMatchObject({
      status: "completed",
      pages_added: 3,
      files_added: 1,
      files_failed: 0,
      pages_failed: 0,
    });
    const [hit] = await world.find("tugboat quota");
    expect(hit).toMatchObject({
      kind: "attachment",
      title: "harbour-report.md",
      parent: { page_id: on("Page 1"), title: "Page 1" },
      headingPath: ["Harbour"],
      file: { name: "harbour-report.md", media_type: "text/markdown" },
    });
    expect(hit?.url).toContain("preview=");
  });
});
