import { expect, it } from "vitest";
import { blockTree, type Block, type Item } from "#shared/chunking/block-tree.ts";

/** The blocks by their kinds: a leaf with the text of its lines, containers with what they hold. */
function shape(markdown: string): unknown[] {
  const read = (block: Block | Item): unknown => {
    if ("children" in block) return { [block.kind]: block.children.map(read) };
    const { kind, from, to, level } = block;
    return `${kind}${level === 0 ? "" : level}: ${markdown.slice(from, to).replaceAll("\n", "⏎")}`;
  };
  return blockTree(markdown).map(read);
}

it.each<[string, string, unknown[]]>([
  ["an empty document", "", []],
  ["empty lines", "\n\n  \n", []],
  ["paragraphs", "a\nb\n\n\nc", ["prose: a⏎b", "prose: c"]],
  ["paragraphs around a line of spaces", "a\n  \nb", ["prose: a", "prose: b"]],
  ["headings", "# a\n####### b\n#c\n  ### d", ["heading1: # a", "prose: ####### b⏎#c", "heading3:   ### d"]],
  ["underlined headings", "a\n===\nb\n---\n", ["heading1: a⏎===", "heading2: b⏎---"]],
  ["rules", "a\n\n***\n\n- - -\nb", ["prose: a", "prose: ***", "prose: - - -⏎b"]],
  ["code", "```js\n# a\n```\nb", ["code: ```js⏎# a⏎```", "prose: b"]],
  ["code that nobody closes", "~~~\na\n```\n\nb", ["code: ~~~⏎a⏎```⏎⏎b"]],
  [
    "a table below a paragraph",
    "a\n\n| b |\n| - |\n| c |\nd",
    ["prose: a", "table: | b |⏎| - |⏎| c |", "prose: d"],
  ],
  ["a quote", "> a\n> # b\n\nc", [{ quote: ["prose: > a", "heading1: > # b"] }, "prose: c"]],
  ["an alert", "> [!NOTE]\n> a", [{ quote: ["alert: > [!NOTE]", "prose: > a"] }]],
  [
    "a list",
    "- a\n- b\n\n1. c",
    [{ list: [{ item: ["prose: - a"] }, { item: ["prose: - b"] }, { item: ["prose: 1. c"] }] }],
  ],
  [
    "items around empty lines",
    "- a\n\n\n- b",
    [{ list: [{ item: ["prose: - a"] }, { item: ["prose: - b"] }] }],
  ],
  ["an item whose text goes on at the margin", "- a\nb", [{ list: [{ item: ["prose: - a⏎b"] }] }]],
  ["a paragraph below an item", "- a\n\nb", [{ list: [{ item: ["prose: - a"] }] }, "prose: b"]],
  ["a paragraph below an item and a space", "- a\n \nb", [{ list: [{ item: ["prose: - a"] }] }, "prose: b"]],
  ["a paragraph in an item", "- a\n\n  b", [{ list: [{ item: ["prose: - a", "prose:   b"] }] }]],
  [
    "a list in an item",
    "- a\n  - b\n- c",
    [{ list: [{ item: ["prose: - a", { list: [{ item: ["prose:   - b"] }] }] }, { item: ["prose: - c"] }] }],
  ],
  ["code below an item", "- a\n```\nb\n```", [{ list: [{ item: ["prose: - a"] }] }, "code: ```⏎b⏎```"]],
  ["a heading below an item", "- a\n# b", [{ list: [{ item: ["prose: - a"] }] }, "heading1: # b"]],
  ["a quote below an item", "- a\n> b", [{ list: [{ item: ["prose: - a"] }] }, { quote: ["prose: > b"] }]],
  ["a table below an item", "- a\n| b |", [{ list: [{ item: ["prose: - a"] }] }, "table: | b |"]],
  [
    "what ends a paragraph",
    "a\n# b\nc\n> d",
    ["prose: a", "heading1: # b", "prose: c", { quote: ["prose: > d"] }],
  ],
  ["code that ends a paragraph", "a\n```\nb\n```", ["prose: a", "code: ```⏎b⏎```"]],
  ["a list that ends a paragraph", "a\n1. b", ["prose: a", { list: [{ item: ["prose: 1. b"] }] }]],
  ["bullets that end a paragraph", "a\n- b", ["prose: a", { list: [{ item: ["prose: - b"] }] }]],
  ["a number that does not", "in\n2025. b\nand\n*\nc", ["prose: in⏎2025. b⏎and⏎*⏎c"]],
])("%s: a document is read into its blocks", (_, markdown, blocks) => {
  expect(shape(markdown)).toEqual(blocks);
});

it.each([
  ["quotes", "> ", 40],
  // Each is a list and its item.
  ["items", "- ", 80],
])("%s nested deeper than in real documents are read as prose", (_, mark, deepest) => {
  let depth = 0;
  let block: Block | Item | undefined = blockTree(`${mark.repeat(60)}text`)[0];
  for (; block && "children" in block; block = block.children[0]) depth += 1;
  expect([depth, block?.kind]).toEqual([deepest, "prose"]);
});
