import type { Site, Source } from "#infra/console/api/types.ts";
import { counted, words } from "#infra/console/parts/format.ts";
import { Badge } from "#infra/console/parts/notices.tsx";
import { attentionItems } from "./attention-items.ts";
import { warningTone } from "./source-states.ts";

/** Of one warning, so many sources are named. */
const MAX_PLACES = 6;

/** Every warning once, with the sources that have it, each a link to where it is decided. */
export function Attention({
  sources,
  sites,
  isCut = false,
}: {
  sources: readonly Source[];
  sites: readonly Site[];
  /** Whether there are more sources than these. */
  isCut?: boolean;
}) {
  const items = attentionItems(sources, sites);
  const cut = isCut && (
    <p class="hint">
      Of the first {counted(sources.length, "source")}: what others need is on their own screens.
    </p>
  );
  if (items.length === 0) return cut || null;
  return (
    <section aria-labelledby="attention">
      <h2 id="attention">Needs attention</h2>
      {cut}
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
