import { expect, it } from "vitest";
import type { ConfluenceClient } from "#shared/confluence/client.ts";
import type { ContentRights, ViewRestriction } from "#shared/confluence/content-rights.ts";
import { PermanentError, RateLimitedError, TransientError } from "#shared/errors.ts";
import {
  ofSpace,
  READ_AT_ONCE,
  readCutRestrictions,
  readRestriction,
} from "#shared/syncs/rights/read-restriction.ts";

const NOBODY_NAMED: ViewRestriction = { users: [], groups: [] };
const content = (id: string, more: Partial<ContentRights> = {}): ContentRights => ({
  id,
  type: "page",
  spaceKey: "DEMO",
  ancestors: [],
  restriction: NOBODY_NAMED,
  ...more,
});
const clientThat = (viewRestriction: ConfluenceClient["viewRestriction"]) =>
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one call that is made
  ({ viewRestriction }) as ConfluenceClient;
const failing = (error: Error) =>
  clientThat(async () => {
    throw error;
  });

it.each(["not_found", "forbidden"])("content whose restriction is %s may not be read", async (code) => {
  expect(await readRestriction(failing(new PermanentError(code, "")), "1")).toBe("unreadable");
});

it("a restriction that came in no form that can be read, or not in time, was not read this time", async () => {
  expect(await readRestriction(failing(new PermanentError("invalid_answer", "")), "1")).toBe("failed");
  expect(await readRestriction(failing(new TransientError("timeout", "")), "1")).toBe("failed");
});

it("reading a restriction throws a limit to wait for, and internal errors", async () => {
  for (const error of [new RateLimitedError("too many", 1000), new TypeError("a bug")])
    await expect(readRestriction(failing(error), "1")).rejects.toBe(error);
});

it("only restrictions that a search cut are read by themselves, as many as a step has time for", async () => {
  const asked: string[] = [];
  const client = clientThat(async (id) => {
    asked.push(id);
    return { users: [id], groups: [] };
  });
  const cutOnes = Array.from({ length: READ_AT_ONCE + 2 }, (_, n) => content(`${n}`, { restriction: null }));
  const whole = content("whole", { ancestors: [{ id: "top", type: "page" }] });
  const { contents, cut } = await readCutRestrictions(client, [...cutOnes, whole]);
  expect(asked).toEqual(cutOnes.slice(0, READ_AT_ONCE).map(({ id }) => id));
  expect(cut).toEqual(["20", "21"]);
  expect(contents[0]).toEqual({ id: "0", ancestors: [], restriction: { users: ["0"], groups: [] } });
  expect(contents.slice(-3)).toEqual([
    { id: "20", ancestors: [], restriction: "later" },
    { id: "21", ancestors: [], restriction: "later" },
    { id: "whole", ancestors: [{ id: "top", type: "page" }], restriction: NOBODY_NAMED },
  ]);
});

it("of what a search found, pages and blog posts of the space count, however its key is written", () => {
  const found = [
    content("1"),
    content("2", { type: "blogpost", spaceKey: "demo" }),
    content("3", { spaceKey: null }),
    content("4", { spaceKey: "OTHER" }),
    content("5", { type: "attachment" }),
  ];
  expect(ofSpace(found, "Demo").map(({ id }) => id)).toEqual(["1", "2", "3"]);
});
