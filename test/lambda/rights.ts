import assert from "node:assert/strict";
import { verdicts } from "#shared/access/live/hit-verifier.ts";
import { eventually } from "#test/support/eventually.ts";
import type { Check } from "./check.ts";

type Ask = (expected: number, path: string, init?: RequestInit) => Promise<Record<string, unknown>>;

/** Who may see what: the sweep that reads it, the search that goes by it, and what operators ask about it. */
export async function checkRights(
  service: {
    ask: Ask;
    search: (query: string, count: number) => Promise<{ title: string }[]>;
    onSchedule: (name: string, rule: string) => Promise<unknown>;
    invoke: (name: string, event: unknown) => Promise<unknown>;
  },
  page: { sourceId: string; pageId: string; title: string; word: string },
  check: Check,
): Promise<void> {
  const { ask, search, onSchedule, invoke } = service;
  const { sourceId, pageId } = page;
  const patch = (body: unknown): RequestInit => ({
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  await check("a source that carries rights over shows its pages once a sweep has read them", async () => {
    await ask(200, `/api/confluence/${sourceId}`, patch({ access: "unrestricted" }));
    assert.deepEqual(await search(page.word, 1), []);
    await eventually(
      async () => {
        await onSchedule("sweep-access", "access-sweep");
        const [hit] = await search(page.word, 1);
        assert.equal(hit?.title, page.title);
      },
      { withinMs: 60_000 },
    );
  });
  await check("operators are told why a page is shown, and whom names are mapped to", async () => {
    const explained = await ask(200, `/api/access/explain?page_id=${pageId}&source_id=${sourceId}`);
    assert.equal(explained.allowed, true, JSON.stringify(explained));
    await ask(200, "/api/identities");
  });
  await check("Confluence is asked about a hit by a function of its own", async () => {
    const said = verdicts.parse(
      await invoke("verify-hits", { sourceId, accountId: null, contentIds: [pageId], withinMs: 2000 }),
    );
    assert.deepEqual([...said.permitted, ...said.denied], [pageId]);
  });
}
