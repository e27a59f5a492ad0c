import type { Site, Source } from "#infra/console/api/types.ts";
import { counted, hostOf, sentence, words } from "#infra/console/parts/format.ts";
import { Badge } from "#infra/console/parts/notices.tsx";
import { to } from "#infra/console/state/router.ts";
import { warningLink, warningsOf, warningText, warningTone } from "./source-states.ts";

type Place = { name: string; href: string | null };
type Item = { code: string; text: string; action: string; places: Place[] };

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
/** Of one warning, so many sources are named. */
const MAX_PLACES = 6;

/** Every warning once, with the sources that have it, each a link to where it is decided. */
export function Attention({ sources, sites }: { sources: readonly Source[]; sites: readonly Site[] }) {
  const items = grouped(sources, sites);
  if (items.length === 0) return null;
  return (
    <section aria-labelledby="attention">
      <h2 id="attention">Needs attention</h2>
      <ul class="attention">
        {items.map((item) => (
          <li key={`${item.code} ${item.text}`}>
            <Badge tone={warningTone(item.code)}>{words(item.code)}</Badge>
            <span>{item.text}</span>
            <span class="places">
              {item.places.slice(0, MAX_PLACES).map(({ name, href }) =>
                href === null ? (
                  <span key={name}>{name}</span>
                ) : (
                  <a key={href} href={href}>
                    {name}
                    <span class="unseen">: {item.action}</span>
                  </a>
                ),
              )}
              {item.places.length > MAX_PLACES && (
                <span class="quiet">and {counted(item.places.length - MAX_PLACES, "more source")}</span>
              )}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function grouped(sources: readonly Source[], sites: readonly Site[]): Item[] {
  const items = new Map<string, Item>();
  const add = (code: string, text: string, action: string, place: Place) => {
    const key = `${code} ${text}`;
    const item = items.get(key) ?? { code, text, action, places: [] };
    item.places.push(place);
    items.set(key, item);
  };
  for (const site of sites) {
    const own = sources.filter((source) => source.base_url === site.base_url);
    for (const { code, message } of site.warnings) {
      // Its sources say it too, with a link to where it is mended.
      if (own.some((source) => source.warnings.some((warning) => warning.code === code))) continue;
      const [first] = own;
      const href = first && code.startsWith("token") ? to.source(first.source_id, "settings") : null;
      add(code, sentence(message.replace(/ and PATCH .*$/, "")), "Settings", {
        name: hostOf(site.base_url),
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
