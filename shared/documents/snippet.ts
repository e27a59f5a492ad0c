/** Private-use characters, to distinguish marks from the page's own text. */
export const START = "\uE000";
export const STOP = "\uE001";
export const DELIMITER = " … ";

/** Options of `ts_headline`: two fragments of the words around the matches. */
export const SNIPPET_OPTIONS = `StartSel=${START}, StopSel=${STOP}, MaxFragments=2, MinWords=8, MaxWords=24, FragmentDelimiter="${DELIMITER}"`;

/** A headline as HTML: text escaped, matches within `<mark>`. Names that the parser split are marked as a whole. */
export function markedSnippet(headline: string): string {
  const joined = headline.replaceAll(new RegExp(`${STOP}([._:/-]*)${START}`, "g"), "$1");
  return joined
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll(START, "<mark>")
    .replaceAll(STOP, "</mark>");
}
