import { afterAll, beforeAll, expect, it } from "vitest";
import { setAccess } from "#test/support/access-nodes.ts";
import { makeApiFixture, type ApiFixture } from "#test/support/api-fixture.ts";
import { addSource } from "#test/support/stored-pages.ts";

const SOURCES = 500;
/** As long as the id that a new source gets. */
const ids = Array.from(
  { length: SOURCES },
  (_, number) => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`,
);

let fixture: ApiFixture;
beforeAll(async () => {
  fixture = await makeApiFixture({ CORS_ORIGINS: "https://app.example.com" });
  const { sql } = fixture.database;
  for (const sourceId of ids) {
    await addSource(sql, fixture.embedder, { sourceId });
    await setAccess(sql, sourceId, "unrestricted", null);
  }
}, 60_000);
afterAll(() => fixture.close());

it("however many sources are withheld, the headers name some, count all, and stay short enough for clients", async () => {
  const { headers } = await fixture.api("GET", "/api/knowledge-items", {
    headers: { origin: "https://app.example.com" },
  });
  const named = headers["x-permissions-withheld"]?.split(",") ?? [];
  expect(named).toHaveLength(20);
  expect(named.filter((id) => !ids.includes(id))).toEqual([]);
  expect(headers["x-permissions-withheld-count"]).toBe(String(SOURCES));
  // Half of what API Gateway lets pass.
  expect(JSON.stringify(headers).length).toBeLessThan(5_000);
  expect(headers["access-control-expose-headers"]?.split(", ")).toContain("X-Permissions-Withheld-Count");
});
