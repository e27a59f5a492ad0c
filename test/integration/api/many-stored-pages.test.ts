import { afterAll, beforeAll, expect, it } from "vitest";
import { makeApiFixture, type ApiFixture } from "#test/support/api-fixture.ts";

const PAGES = 8_000;
/** Of a response, as it is within the JSON that a function returns. */
const LAMBDA_LIMIT = 6 * 1024 * 1024;

let fixture: ApiFixture;
let sourceId: string;
beforeAll(async () => {
  fixture = await makeApiFixture();
  sourceId = await fixture.addSource();
  await fixture.database.sql`
    insert into confluence_pages (source_id, page_id, title, version, url)
    select ${sourceId}, n::text, lpad(n::text, 5, '0') || repeat('飛', 250), 1, 'https://acme.atlassian.net/wiki/spaces/DEMO/pages/' || n
    from generate_series(1, ${PAGES}::int) n`;
}, 60_000);
afterAll(() => fixture.close());

it("GET /api/pages ends before a function's response is full, and counts all pages", async () => {
  const { status, text, body } = await fixture.api("GET", "/api/pages", { query: { source_id: sourceId } });
  expect([status, body.total]).toEqual([200, PAGES]);
  expect(Buffer.byteLength(JSON.stringify({ statusCode: 200, body: text }))).toBeLessThan(LAMBDA_LIMIT);
  // The first ones, and not many fewer than have room.
  expect(body.pages.length).toBeGreaterThan(4_000);
  expect(body.pages.at(-1).section_title).toMatch(
    new RegExp(`^${String(body.pages.length).padStart(5, "0")}飛`),
  );
});
