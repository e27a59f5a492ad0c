/** Rules of HTML's content model for omitted end tags (HTML standard, 13.1.2.4 and 13.2.6). */

const VOID = new Set(
  "area base br col command embed hr img input keygen link meta param source track wbr".split(" "),
);
const RAW_TEXT = new Set(["script", "style", "textarea", "title", "xmp", "noembed", "noframes"]);

type ImpliedEnd = { closes: ReadonlySet<string>; boundary: ReadonlySet<string> };

const set = (names: string): ReadonlySet<string> => new Set(names.split(" "));
/** A tag inside one of these ends no paragraph, item or row outside it. */
const CONTAINERS =
  "table td th caption blockquote div section article li dd object ac:rich-text-body ac:layout-cell ac:task-body";

const IMPLIED_ENDS = new Map<string, ImpliedEnd>([
  ["p", { closes: set("p"), boundary: set(`${CONTAINERS} ul ol dl`) }],
  ["li", { closes: set("li"), boundary: set("ul ol menu dir table ac:rich-text-body") }],
  ["dt", { closes: set("dt dd"), boundary: set("dl table ac:rich-text-body") }],
  ["dd", { closes: set("dt dd"), boundary: set("dl table ac:rich-text-body") }],
  ["option", { closes: set("option"), boundary: set("select datalist") }],
  ["td", { closes: set("td th caption"), boundary: set("tr table") }],
  ["th", { closes: set("td th caption"), boundary: set("tr table") }],
  ["tr", { closes: set("tr td th caption"), boundary: set("table") }],
  ["tbody", { closes: set("tbody thead tfoot tr td th caption colgroup"), boundary: set("table") }],
  ["thead", { closes: set("tbody thead tfoot tr td th caption colgroup"), boundary: set("table") }],
  ["tfoot", { closes: set("tbody thead tfoot tr td th caption colgroup"), boundary: set("table") }],
]);

const TABLE_PARTS = set("table thead tbody tfoot tr td th caption");

export function isVoidElement(name: string): boolean {
  return VOID.has(name);
}

/** Elements whose content is text up to their own end tag. */
export function isRawText(name: string): boolean {
  return RAW_TEXT.has(name);
}

/** The elements that a start tag of that name ends, and those beyond which it ends nothing. */
export function closedByStartTag(name: string): ImpliedEnd | undefined {
  return IMPLIED_ENDS.get(name);
}

/** Whether an end tag `</name>` may not reach beyond an open element: a stray `</p>` in a cell does not end the table. */
export function closesNoFurtherThan(name: string, open: string): boolean {
  if (open === "td" || open === "th" || open === "caption")
    return !TABLE_PARTS.has(name) && !name.startsWith("ac:");
  return open === "table" && !name.startsWith("ac:") && !TABLE_PARTS.has(name);
}
