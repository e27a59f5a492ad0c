import type { Site, Source } from "#infra/console/api/types.ts";
import { hostOf, sentence } from "#infra/console/parts/format.ts";
import { to } from "#infra/console/state/router.ts";
import { isOfSite } from "./site-credentials.ts";
import { warningLink, warningsOf, warningText } from "./source-states.ts";

type Place = { name: string; href: string | null };
export type Item = { code: string; text: string; action: string; places: Place[] };

/** What matters most comes first; warnings that are not named here come last. */
const ORDER = [
  "credentials_expired",
  "space_unavailable",
  "last_sync_failed",
  "confluence_failing",
  "embedding_failing",
  "operation_failing",
  "deletions_held",
  "pages_failed",
  "token_expires",
];

/** Every warning once, with the sources and sites that have it, what matters most first. */
export function attentionItems(sources: readonly Source[], sites: readonly Site[]): Item[] {
  const items = new Map<string, Item>();
  const add = (code: string, text: string, action: string, place: Place) => {
    const key = `${code} ${text}`;
    const item = items.get(key) ?? { code, text, action, places: [] };
    item.places.push(place);
    items.set(key, item);
  };
  for (const site of sites) {
    const own = sources.filter((source) => isOfSite(source, site));
    for (const { code, message } of site.warnings) {
      // Its sources say it too, with a link to where it is mended.
      if (own.some((source) => source.warnings.some((warning) => warning.code === code))) continue;
      const [first] = own;
      const href = first && code.startsWith("token") ? to.source(first.source_id, "settings") : null;
      add(code, sentence(message.replace(/ and PATCH .*$/, "")), "Settings", {
        name: nameOf(site, sites),
        href,
      });
    }
  }
  for (const source of sources) {
    for (const warning of warningsOf(source)) {
      const { href, text } = warningLink(source, warning);
      add(warning.code, warningText(warning), text, { name: source.title, href });
    }
  }
  const rank = ({ code }: Item) => (ORDER.includes(code) ? ORDER.indexOf(code) : ORDER.length);
  return [...items.values()].sort((a, b) => rank(a) - rank(b));
}

/** The host; with the account where several are connected to it. */
function nameOf(site: Site, sites: readonly Site[]): string {
  const host = hostOf(site.base_url);
  const isOnly = sites.filter((one) => one.base_url === site.base_url).length === 1;
  return isOnly ? host : `${host}, ${site.email ?? site.client_id ?? site.account_id}`;
}
