import { setTimeout as delay } from "node:timers/promises";
import type { StoredPage } from "./service-client.ts";

export type SearchCounts = { searches: number; duringSwaps: number; empty: number; emptyTitles: string[] };

/** Searches for a page by its title and returns whether the page was among the hits. */
type FindPage = (page: StoredPage) => Promise<boolean>;

/** Pause between background searches: they share the processors with the sync. */
const PAUSE_MS = 30;
/** Searches started for a page while its swap is open. */
const SEARCHES_A_SWAP = 6;
/** How long a swap is held open, so that its searches reach the service. */
const HOLD_MS = 8;

/**
 * Searches for existing pages endlessly, one at a time, and several at once for a page while it is
 * being swapped. A search that does not find its page is counted as empty.
 */
export function startSearches(find: FindPage) {
  let pages: readonly StoredPage[] = [];
  let counts = newCounts();
  let failure: unknown;
  const running = new Set<Promise<void>>();
  const stopping = new AbortController();

  async function ask(page: StoredPage, duringSwap: boolean): Promise<void> {
    const into = counts;
    const found = await find(page);
    into.searches += 1;
    if (duringSwap) into.duringSwaps += 1;
    if (!found) {
      into.empty += 1;
      into.emptyTitles.push(page.title);
    }
  }

  function start(page: StoredPage): void {
    const search: Promise<void> = ask(page, true)
      .catch((error: unknown) => {
        failure ??= error;
      })
      .finally(() => running.delete(search));
    running.add(search);
  }

  const background = (async () => {
    for (let turn = 0; !stopping.signal.aborted; turn += 1) {
      const page = pages[turn % Math.max(1, pages.length)];
      if (page) await ask(page, false);
      await delay(PAUSE_MS, undefined, { signal: stopping.signal }).catch(() => {});
    }
  })().catch((error: unknown) => {
    failure ??= error;
  });

  return {
    /** The pages to search for from now on. */
    askFor(next: readonly StoredPage[]): void {
      pages = next;
    },
    /** Must be called while the page's swap is open. */
    async onSwap(pageId: string): Promise<void> {
      const page = pages.find((candidate) => candidate.page_id === pageId);
      if (!page) return;
      for (let count = 0; count < SEARCHES_A_SWAP; count += 1) start(page);
      await delay(HOLD_MS);
    },
    /** The counts since the last call, after running searches have returned. Throws when a search failed. */
    async take(): Promise<SearchCounts> {
      await Promise.all(running);
      if (failure) throw failure;
      const taken = counts;
      counts = newCounts();
      return taken;
    },
    async stop(): Promise<void> {
      stopping.abort();
      await background;
      await Promise.all(running);
    },
  };
}

function newCounts(): SearchCounts {
  return { searches: 0, duringSwaps: 0, empty: 0, emptyTitles: [] };
}
