import { setTimeout as delay } from "node:timers/promises";
import { startLocalRunner } from "#infra/local/runner/start.ts";
import type { RunningSite } from "#infra/local/confluence-site/start.ts";
import { findProblems, toFigures, type SyncFigures } from "./figures.ts";
import { followSync } from "./follow-sync.ts";
import type { Progress } from "./progress-bar.ts";
import {
  askForTwo,
  askQuestions,
  RESTRICTED,
  type Answer,
  type PersonalAnswer,
  type Person,
} from "./questions.ts";
import { startSearches } from "./search-load.ts";
import { makeServiceClient } from "./service-client.ts";
import { changeSite, type Change } from "./site-changes.ts";
import { makeSiteClient, type Account } from "./site-client.ts";
import { watchSwaps } from "./swap-watch.ts";

export type DemoResult = {
  first: SyncFigures;
  second: SyncFigures;
  changes: Change[];
  answers: Answer[];
  /** One question asked by two people. */
  compared: PersonalAnswer[];
  /** Unexpected figures, as text. */
  problems: string[];
};

export type DemoReporter = {
  onMessage: (text: string) => void;
  progress: (progress: Progress) => void;
  progressEnded: () => void;
};

const ACCOUNT: Account = { email: "handbook-sync@example.com", apiToken: "demo-token" };
const SPACE_KEY = "DEMO";
/** People of the sample site. The first may see the page that is restricted. */
const MARIA: Person = { name: "Maria Lindqvist", accountId: "712020:1b6f0a52-9c1d-4a7e-8f53-2a4c7d1e9b01" };
const TOMAS: Person = { name: "Tomás Rey", accountId: "712020:2c70b163-0d2e-4b8f-9064-3b5d8e2fac02" };
/** Limit within the demo's three minutes; a sync takes about half a minute. */
const SYNC_WITHIN_MS = 80_000;
/** Interval between two checks of which pages are stored. */
const LOOK_EVERY_MS = 1500;
/** A page must be among this many pages found by its title. */
const AMONG = 20;

/**
 * Runs the main job once: starts the service and a Confluence site, syncs a space, changes it and syncs it again,
 * while searches for existing pages run. `dataDir` contains the service's state.
 */
export async function runDemo(options: {
  dataDir: string;
  site: RunningSite;
  report: DemoReporter;
  writeLog: (line: string) => void;
  /** Runs while the service still does; `url` is its address. */
  afterwards: (url: string, result: DemoResult) => Promise<void>;
}): Promise<DemoResult> {
  const { report, site } = options;
  const searches = startSearches(async (page) => {
    const hits = await service.searchPages(page.title, AMONG);
    return hits.some((hit) => hit.page_id === page.page_id);
  });
  const runner = await startLocalRunner({
    dataDir: options.dataDir,
    env: { EMBEDDINGS: "local", LOG_LEVEL: "error" },
    wrapSql: watchSwaps((pageId) => searches.onSwap(pageId)),
    writeLog: options.writeLog,
  });
  const service = makeServiceClient(runner.url, MARIA.accountId);
  try {
    const confluence = makeSiteClient(site.url, SPACE_KEY, ACCOUNT);
    await confluence.restrict(RESTRICTED.page, [MARIA.accountId]);
    const pagesOnSite = (await confluence.pages()).length;
    report.onMessage(`Service on ${runner.url}, a Confluence site with ${pagesOnSite} pages on ${site.url}`);
    const sourceId = await service.createSource({
      base_url: site.url,
      email: ACCOUNT.email,
      api_token: ACCOUNT.apiToken,
      space_key: SPACE_KEY,
      deletion_strategy: "every_sync",
      access: "per_user",
    });
    const sync = async (meanwhile: (ended: AbortSignal) => Promise<void>) => {
      const ended = new AbortController();
      const side = meanwhile(ended.signal);
      const outcome = await followSync(service, sourceId, {
        withinMs: SYNC_WITHIN_MS,
        show: report.progress,
      }).finally(() => ended.abort());
      await side;
      report.progressEnded();
      const counts = await searches.take();
      const pages = await service.pages(sourceId, "current");
      return {
        figures: toFigures(outcome.metrics, await service.chunkCount(sourceId), counts),
        counts,
        pages,
      };
    };

    const first = await sync((ended) => askForStoredPages(sourceId, ended));
    const changes = await changeSite(confluence);
    report.onMessage(`${changes.length} pages were edited, added, moved or deleted in Confluence`);
    const gone = new Set(changes.filter(({ kind }) => kind === "deleted").map(({ title }) => title));
    searches.askFor(first.pages.filter((page) => !gone.has(page.title)));
    const second = await sync(async () => {});
    searches.askFor([]);

    const asked = await askQuestions(service);
    const compared = await askForTwo(service, [MARIA, TOMAS]);
    const emptyTitles = [...first.counts.emptyTitles, ...second.counts.emptyTitles];
    const deleted = await service.pages(sourceId, "deleted");
    const problems = [
      ...findProblems({ pagesOnSite, changes, first: first.figures, second: second.figures, emptyTitles }),
      ...asked.problems,
      ...compared.problems,
      ...(await foundThoughDeleted(gone)),
      ...[...gone]
        .filter((title) => !deleted.some((page) => page.title === title))
        .map((title) => `${title} is not listed as deleted`),
    ];
    const result = {
      first: first.figures,
      second: second.figures,
      changes,
      answers: asked.answers,
      compared: compared.answers,
      problems,
    };
    await options.afterwards(runner.url, result);
    return result;
  } finally {
    await searches.stop();
    await runner.close();
  }

  /** While a first sync runs, pages can be found as soon as they are stored. */
  async function askForStoredPages(sourceId: string, ended: AbortSignal): Promise<void> {
    while (!ended.aborted) {
      searches.askFor(await service.pages(sourceId, "current"));
      await delay(LOOK_EVERY_MS, undefined, { signal: ended }).catch(() => {});
    }
  }

  async function foundThoughDeleted(titles: ReadonlySet<string>): Promise<string[]> {
    const problems: string[] = [];
    for (const title of titles) {
      const hits = await service.searchPages(title, AMONG);
      if (hits.some((hit) => hit.title === title)) problems.push(`${title} is found although it was deleted`);
    }
    return problems;
  }
}
