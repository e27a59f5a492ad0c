import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { probeRequest } from "#shared/confluence/probe-scopes.ts";
import { SCOPED_CALLS, SCOPES } from "#shared/confluence/scopes.ts";

it("every scope says what it is for, and what is lost without it unless a sync needs it", () => {
  expect(new Set(SCOPED_CALLS.map(({ scope }) => scope))).toEqual(new Set(Object.keys(SCOPES)));
  for (const [scope, { without }] of Object.entries(SCOPES)) {
    const isNeeded = SCOPED_CALLS.some((call) => call.scope === scope && call.need === "required");
    expect([scope, without === null]).toEqual([scope, isNeeded]);
  }
});

it("the page that the README links to names every scope", async () => {
  expect(await readFile("README.md", "utf8")).toContain("(infra/scopes.md)");
  const page = await readFile("infra/scopes.md", "utf8");
  for (const scope of Object.keys(SCOPES)) expect(page).toContain(`\`${scope}\``);
});

it("a call is tried by a request whose every id is filled in", () => {
  const known = { accountId: "ann", spaceId: "10", pageId: "20" };
  const paths = SCOPED_CALLS.map((call) => probeRequest(call, known).path);
  expect(paths.join()).not.toMatch(/[{}]/);
  expect(paths).toContain("/wiki/rest/api/content/20/child/attachment/20/download");
  expect(paths).toContain("/wiki/api/v2/spaces/10/permissions");
});
