import { bugFoundBy, change, type PlantedBug } from "../planted-bugs.ts";

const HOSTILE = "test/unit/markdown/hostile-bodies.test.ts";
const LISTS = "test/unit/markdown/lists-in-lists.test.ts";
const CELLS = "test/unit/markdown/spanning-cells.test.ts";
const LINKS = "test/integration/syncs/links-by-title.test.ts";
const TABLE = "shared/markdown/print/table-markdown.ts";
const REFERENCES = "shared/syncs/pages/resolve-references.ts";

/** What the Markdown of a page or comment says, and how long it takes. */
export const CONVERSION_BUGS: readonly PlantedBug[] = [
  bugFoundBy(
    HOSTILE,
    "a message of any length is compared whole",
    change(
      "shared/markdown/elements/interface-messages.ts",
      'return text.length > MAX_MESSAGE ? "" : text;',
      "return text;",
    ),
  ),
  bugFoundBy(
    HOSTILE,
    "each line break of a cell looks for the end of all",
    change(TABLE, ".replace(/(?<!<br>)(?:<br>)+(?=", ".replace(/(?:<br>)+(?="),
  ),
  bugFoundBy(
    "test/unit/markdown/rendered-parts.test.ts",
    "the words of all nodes are counted again for each gap",
    change(
      "shared/markdown/rendering/nodes-between.ts",
      "if (known) return known;",
      "if (known?.starts.length === 0) return known;",
    ),
  ),
  bugFoundBy(
    "test/unit/syncs/comments-document.test.ts",
    "a line of code in a comment is a heading",
    change(
      "shared/syncs/comments/comments-document.ts",
      'if (block.kind !== "heading") continue;',
      'if (block.kind === "list" || block.kind === "quote") continue;',
    ),
    change(
      "shared/syncs/comments/comments-document.ts",
      "line.replace(/^#{1,6} (.*)$/, ",
      "line.replace(/^#{1,6} (.*)$/gm, ",
    ),
  ),
  bugFoundBy(
    LISTS,
    "a list directly inside a list is beside its items",
    change(
      "shared/markdown/print/plain-tree.ts",
      "if (isList(node) && this.#item) return",
      "if (isList(node) && this.#item && false) return",
    ),
  ),
  bugFoundBy(
    CELLS,
    "a cell that spans rows is not in those that end before it",
    change(
      TABLE,
      "let column = line.length; column < spanning.length; column++",
      "let column = line.length; spansRow(column); column++",
    ),
  ),
  bugFoundBy(
    CELLS,
    "a cell spans rows of the next section",
    change(
      "shared/markdown/elements/convert-table.ts",
      "rows[index]?.section !== rows[index + 1]?.section",
      "rows[index + 1] === undefined",
    ),
  ),
  bugFoundBy(
    "test/unit/markdown/names-of-objects.test.ts",
    "a box's type is looked up among what each object has",
    change(
      "shared/markdown/elements/boxes.ts",
      "ALERT_KINDS.get(type.trim().toLowerCase())",
      "Object.fromEntries(ALERT_KINDS)[type.trim().toLowerCase()]",
    ),
  ),
  bugFoundBy(
    LINKS,
    "a link by title leads to content of any kind",
    change("shared/documents/page-ids.ts", " and p.kind = named.kind and", " and"),
  ),
  bugFoundBy(
    LINKS,
    "of fetched pages of one title a link leads to the last",
    change("shared/content-kinds.ts", "return `${kind} ${title}`;", "return kind === title ? kind : title;"),
  ),
  bugFoundBy(
    LINKS,
    "a blog post that is linked to is not looked up",
    change("shared/markdown/page-references.ts", '      case "ri:blog-post":\n', ""),
  ),
  bugFoundBy(
    LINKS,
    "a file of another space has this page's address",
    change(REFERENCES, "(pageTitle === page.title && inSpace(spaceKey))", "pageTitle === page.title"),
  ),
];
