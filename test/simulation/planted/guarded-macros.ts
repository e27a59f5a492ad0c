import { bugFoundBy, change, type PlantedBug } from "../planted-bugs.ts";

const FORGED = "test/unit/markdown/forged-macros.test.ts";
const INCLUDED = "test/integration/access/included-text.test.ts";
const CERTAIN = "shared/markdown/rendering/certain-elements.ts";
const GUARDED = "shared/markdown/rendering/fill-guarded.ts";
const INCLUDED_RIGHTS = "shared/syncs/pages/included-rights.ts";

/** How it is known what a page shows of others. */
export const GUARDED_MACRO_BUGS: readonly PlantedBug[] = [
  bugFoundBy(
    "test/unit/markdown/include-targets.test.ts",
    "an include shows what a decoy beside its target lets it show",
    change(
      "shared/markdown/page-dependencies.ts",
      'kind !== "page" && kind !== "files") || namesOneTarget(element);',
      'kind !== "page" && kind !== "files") || true || namesOneTarget(element);',
    ),
  ),
  bugFoundBy(
    FORGED,
    "an id that is written twice is a macro's",
    change(
      CERTAIN,
      "if (owners.get(id) !== macro || !element || another) continue;",
      "if (!element || another) continue;",
    ),
  ),
  bugFoundBy(
    FORGED,
    "an id that is rendered twice is a macro's",
    change(
      CERTAIN,
      "if (owners.get(id) !== macro || !element || another) continue;",
      "if (owners.get(id) !== macro || !element || another === null) continue;",
    ),
  ),
  bugFoundBy(
    FORGED,
    "an element around another macro's is shown",
    change(CERTAIN, "return isSame && places.length === shownPlaces.length ? found : null;", "return found;"),
  ),
  bugFoundBy(
    FORGED,
    "macros are shown beside one that may be anywhere",
    change(
      GUARDED,
      "if (!elements || !others.every((other) => elements.has(other))) return;",
      "if (!elements) return;",
    ),
  ),
  bugFoundBy(
    FORGED,
    "words tell what is whose although a known element is at no place",
    change(GUARDED, "needsAllKnown: true", "needsAllKnown: false"),
  ),
  bugFoundBy(
    FORGED,
    "a macro that HTML hides from the parser is overlooked",
    change("shared/markdown/read-page.ts", "!isRecovered(root);", "true;"),
  ),
  bugFoundBy(
    FORGED,
    "a page is shown with what it has begun to show of others",
    change(
      GUARDED,
      "showContent(stored, content, showsNoOthers);",
      "showContent(stored, content, () => true);",
    ),
    change(
      GUARDED,
      "return fillMacros(stored, rendered, showsNoOthers);",
      "return fillMacros(stored, rendered);",
    ),
  ),
  bugFoundBy(
    "test/integration/syncs/late-bodies.test.ts",
    "a guard decides on the macros of another version",
    change(
      "shared/syncs/pages/confluence-processor.ts",
      'rendered.version === page.version && page.subtype !== "live";',
      "rendered.version > 0;",
    ),
  ),
  bugFoundBy(
    INCLUDED,
    "a blog post passes for the page of its title",
    change(INCLUDED_RIGHTS, "return `${kind} ${title}`;", "return title || kind;"),
  ),
  bugFoundBy(
    INCLUDED,
    "a page has the text of a live doc",
    change(INCLUDED_RIGHTS, " and p.subtype is distinct from 'live'", ""),
  ),
  bugFoundBy(
    INCLUDED,
    "a page has the text of a kind that is not synced any more",
    change(INCLUDED_RIGHTS, "p.kind = any(${kinds})", "p.kind = any(${['page', 'blogpost', ...kinds]})"),
  ),
  bugFoundBy(
    INCLUDED,
    "what was shown without a certain guard stays until a page is edited",
    change(
      "sql/000039_render_guarded_again.sql",
      "shows_gone = true, refresh_after",
      "shows_gone = r.shows_gone, refresh_after",
    ),
  ),
];
