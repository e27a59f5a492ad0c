import { describe, expect, it } from "vitest";
import { askAboutContents, KEPT_MS, type KeptVerdicts } from "#shared/access/live/ask-about-contents.ts";
import { PermanentError } from "#shared/errors.ts";

function makeSite() {
  const waiting: ((isPermitted: boolean) => void)[] = [];
  let now = 0;
  const kept: KeptVerdicts = new Map();
  type Say = (id: string) => Promise<boolean>;
  const askAs = (id: string, contentIds: string[], isPermitted?: Say, withinMs = 5000) =>
    askAboutContents(
      { sourceId: "docs", subject: { type: "user", id }, contentIds },
      {
        client: async () => ({
          isPermitted: isPermitted ?? (async () => new Promise((resolve) => waiting.push(resolve))),
        }),
        kept,
        now: () => new Date(now),
        withinMs,
      },
    );
  const ask = (contentIds: string[], isPermitted?: Say, withinMs?: number) =>
    askAs("ann", contentIds, isPermitted, withinMs);
  return { ask, askAs, waiting, kept, pass: (ms: number) => (now += ms) };
}
const ids = (count: number) => Array.from({ length: count }, (_, n) => `p${n}`);
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("asking Confluence about contents", () => {
  it("at most four calls run at the same time", async () => {
    const { ask, waiting } = makeSite();
    const asking = ask(ids(6));
    await settled();
    expect(waiting).toHaveLength(4);
    waiting[0]?.(true);
    await settled();
    expect(waiting).toHaveLength(5);
    waiting[1]?.(false);
    await settled();
    for (const say of waiting) say(true);
    expect(await asking).toEqual({
      permitted: ["p0", "p2", "p3", "p4", "p5"],
      denied: ["p1"],
      failure: null,
    });
  });

  it("what was not said by the deadline is undecided, and no further call is made", async () => {
    const { ask, waiting } = makeSite();
    const asking = ask(ids(6), undefined, 5);
    await settled();
    expect(waiting).toHaveLength(4);
    expect(await asking).toEqual({ permitted: [], denied: [], failure: null });
    for (const say of waiting) say(true);
    await settled();
    expect(waiting).toHaveLength(4);
  });

  it("a call that fails leaves its content undecided and the others as they are", async () => {
    const { ask } = makeSite();
    const found = await ask(["p0", "p1"], async (id) => {
      if (id === "p0") throw new PermanentError("not_found", "No content");
      return true;
    });
    expect(found).toEqual({ permitted: ["p1"], denied: [], failure: "not_found" });
  });

  it("what was said of one person does not count for another", async () => {
    const { ask, askAs } = makeSite();
    await ask(["p0"], async () => true);
    expect(await askAs("bob", ["p0"], async () => false)).toMatchObject({ permitted: [], denied: ["p0"] });
  });

  it("what was said is believed for a minute", async () => {
    const { ask, pass } = makeSite();
    await ask(["p0"], async () => true);
    pass(KEPT_MS - 1);
    expect(await ask(["p0"], async () => false)).toMatchObject({ permitted: ["p0"], denied: [] });
    pass(1);
    expect(await ask(["p0"], async () => false)).toMatchObject({ permitted: [], denied: ["p0"] });
  });
});
