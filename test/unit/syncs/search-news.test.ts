import { expect, it } from "vitest";
import type { ConfluenceClient, ContentPage } from "#shared/confluence/client.ts";
import type { PulsedSite } from "#shared/syncs/pulse/pulsed-sites.ts";
import { searchNews } from "#shared/syncs/pulse/search-news.ts";

const NOW = new Date("2026-03-01T12:00:00Z");
const SERVER_TIME = new Date("2026-03-01T11:58:00Z");
const SITE = {
  accountId: "account-1",
  pulseSince: new Date("2026-03-01T11:00:00Z"),
  kinds: ["page", "comments", "attachment"],
} as unknown as PulsedSite;

type Answer = { pages?: number; comments?: number; files?: number; skipped?: number };

/** A site whose search answers with these numbers of items, one answer after the other. */
function newsOf(
  answers: Answer[],
  { expected = 0, serverTime = SERVER_TIME }: { expected?: number | null; serverTime?: Date | null } = {},
) {
  const searched: [string, string | null][] = [];
  const items = (kind: string, count = 0) =>
    Array.from({ length: count }, (_, n) => ({
      id: `${kind}-${searched.length}-${n}`,
      version: 1,
      spaceKey: "DEMO",
      kind,
    }));
  const client = {
    currentUser: async () => ({ accountId: "account-1", timeZone: "UTC" }),
    serverTime: () => serverTime,
    countPages: async () => expected,
    searchContent: async (cql: string, cursor: string | null) => {
      searched.push([cql, cursor]);
      const answer = answers[searched.length - 1] ?? {};
      return {
        pages: items("page", answer.pages),
        comments: items("comment", answer.comments),
        files: items("file", answer.files),
        folders: [],
        skipped: answer.skipped ?? 0,
        next: searched.length < answers.length ? `cursor-${searched.length}` : null,
      } as unknown as ContentPage;
    },
  } as unknown as ConfluenceClient;
  return { client, searched };
}

const CQL =
  'type in (page, comment, attachment) and lastModified >= "2026-03-01 10:30" order by lastmodified desc';

it("a pulse asks for what changed since the last one, less the index's lag, page after page", async () => {
  const { client, searched } = newsOf([{ pages: 2 }, { pages: 1 }], { expected: 3 });
  const news = await searchNews(client, SITE, NOW);
  expect(searched).toEqual([
    [CQL, null],
    [CQL, "cursor-1"],
  ]);
  expect(news).toMatchObject({ startedAt: SERVER_TIME, overflow: false, incomplete: false });
  expect(news.pages).toHaveLength(3);
});

it("a pulse finds comments and files as what they are", async () => {
  const { client } = newsOf([{ pages: 1, comments: 1, files: 1 }], { expected: 3 });
  const { pages } = await searchNews(client, SITE, NOW);
  expect(pages.map(({ kind }) => kind)).toEqual(["page", "comments", "attachment"]);
});

it("the first pulse of a site looks back by the index's lag only", async () => {
  const { client, searched } = newsOf([{}]);
  await searchNews(client, { ...SITE, pulseSince: null }, NOW);
  expect(searched[0]?.[0]).toContain('lastModified >= "2026-03-01 11:28"');
});

it("a site that does not tell its time is pulsed by our clock", async () => {
  const { client } = newsOf([{}], { serverTime: null });
  expect((await searchNews(client, SITE, NOW)).startedAt).toEqual(NOW);
});

it("more than three searches list is an overflow, and no sign of a search that was cut short", async () => {
  const { client, searched } = newsOf([{ pages: 1 }, { pages: 1 }, { pages: 1 }, { pages: 1 }], {
    expected: 9,
  });
  expect(await searchNews(client, SITE, NOW)).toMatchObject({ overflow: true, incomplete: false });
  expect(searched).toHaveLength(3);
});

it("exactly as much as three searches list is no overflow", async () => {
  const { client } = newsOf([{ pages: 1 }, { pages: 1 }, { pages: 1 }], { expected: 3 });
  expect(await searchNews(client, SITE, NOW)).toMatchObject({ overflow: false, incomplete: false });
});

it.each([
  ["fewer hits than Confluence counted", true, [{ pages: 2 }], 3],
  ["hits that cannot be read, which were listed too,", false, [{ pages: 1, skipped: 1 }, { skipped: 1 }], 3],
  ["more hits than Confluence counted", false, [{ pages: 4 }], 3],
  ["hits where Confluence does not count", false, [{ pages: 1 }], null],
])(
  "that a pulse lists %s is a sign of a search that was cut short: %s",
  async (_, incomplete, answers, expected) => {
    const { client } = newsOf(answers, { expected });
    expect(await searchNews(client, SITE, NOW)).toMatchObject({ overflow: false, incomplete });
  },
);

it("a pulse by another account finds nothing that is trusted", async () => {
  const { client, searched } = newsOf([{ pages: 1 }]);
  const pulse = searchNews(client, { ...SITE, accountId: "account-2" }, NOW);
  await expect(pulse).rejects.toMatchObject({ code: "account_changed" });
  expect(searched).toEqual([]);
});
