import { loadSite } from "#infra/local/confluence-site/load-site.ts";
import { indexContent } from "#infra/local/confluence-site/search-index.ts";
import { newId, type Site, type Space } from "#infra/local/confluence-site/site.ts";
import { startConfluenceSite } from "#infra/local/confluence-site/start.ts";
import { largestSpace } from "./largest-space.ts";
import { servePart } from "./part.ts";

/**
 * The simulated site over a folder: `serve-site.ts DIR PAGES`, that many pages of its largest space, evenly chosen, or all of them again
 * and again when it has fewer; 0 is all.
 */
const TITLES = 500;
const [folder = "", pages = "0"] = process.argv.slice(2);
const site = await loadSite(folder, { now: () => new Date(), random: Math.random });
const space = largestSpace(site);
keepPages(site, space, Number(pages));
const distinct = site.pages.size;
repeatPages(site, Number(pages));
const { url } = await startConfluenceSite({ site });
const counts = { calls: 0, bulk: 0, rendered: 0 };

function count(): Record<string, number> {
  for (const { query } of site.requests.splice(0)) {
    counts.calls += 1;
    if (query.includes("body-format=storage")) counts.bulk += 1;
    if (query.includes("body-format=export_view")) counts.rendered += 1;
  }
  return { ...counts, pages: site.pages.size, distinct };
}
// Requests are logged: read often, they take no memory.
setInterval(count, 1000).unref();
servePart({ url, facts: { space: space.key, titles: someTitles() } }, count);

/** One a line. */
function someTitles(): string {
  const titles = [...site.pages.values()].map((page) => page.title);
  return titles.filter((_, n) => n % Math.ceil(titles.length / TITLES) === 0).join("\n");
}

function keepPages(from: Site, { id }: Space, wanted: number): void {
  const own = [...from.pages.values()].filter((page) => page.spaceId === id);
  const count = wanted === 0 ? own.length : Math.min(wanted, own.length);
  const kept = new Set(Array.from({ length: count }, (_, n) => own[Math.floor((n * own.length) / count)]));
  for (const page of from.pages.values()) {
    if (kept.has(page)) continue;
    from.pages.delete(page.id);
    from.index.entries.delete(page.id);
  }
}

/** As other pages: with ids and titles of their own, beside the first ones. */
function repeatPages(of: Site, wanted: number): void {
  const first = [...of.pages.values()];
  for (let n = first.length; n < wanted; n += 1) {
    const page = first[n % first.length];
    if (!page) return;
    const title = `${page.title} (copy ${Math.floor(n / first.length)})`;
    const copy = { ...page, id: newId(of), title };
    of.pages.set(copy.id, copy);
    indexContent(of, copy);
  }
}
