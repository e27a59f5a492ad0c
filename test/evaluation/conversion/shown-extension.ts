import { find, isNamed, textOf, type Tree, tree } from "./page-tree.ts";
import { shownTitle } from "./shown-macro.ts";

type Shown = (node: Tree | string) => (Tree | string)[];

/** What an extension of the new editor shows: its content, else its fallback, else the text that its parameters hold. */
export function shownExtension(extension: Tree, shown: Shown): (Tree | string)[] {
  const node = find(extension, "ac:adf-node");
  const fallback = extension.children.filter((c) => isNamed(c, "ac:adf-fallback"));
  if (!node) return [tree("div", extension.children.flatMap(shown))];
  const decisions = decisionItems(node, shown);
  if (decisions) return decisions;
  const content = find(node, "ac:adf-content");
  if (content) {
    const title = node.attributes["type"] === "panel" ? "" : ownTitle(node);
    return [...shownTitle(title), tree("div", content.children.flatMap(shown))];
  }
  const shownFallback = fallback.flatMap(shown);
  if (shownFallback.map(textOf).join("").trim() !== "") return shownFallback;
  const guest = parameters(node).filter((p) =>
    /^(?:source|code|latex|body|text)$/.test(p.attributes["key"] ?? ""),
  );
  return guest.map((parameter) => tree("pre", [textOf(parameter)]));
}

/** A list of decisions, each with its state. */
export function decisionItems(node: Tree, shown: Shown): Tree[] | null {
  if (node.attributes["type"] !== "decision-list") return null;
  const items = node.children.filter((c): c is Tree => isNamed(c, "ac:adf-node"));
  return [
    tree(
      "ul",
      items.map((item) => {
        const state = item.children.find(
          (c) => isNamed(c, "ac:adf-attribute") && c.attributes["key"] === "state",
        );
        const isOpen = textOf(state ?? "").trim() === "UNDECIDED";
        const content = find(item, "ac:adf-content") ?? item;
        const label = isOpen ? "Open" : "Decided";
        return tree("li", [`${label}: `, ...content.children.flatMap(shown)], { "data-decision": label });
      }),
    ),
  ];
}

function ownTitle(node: Tree): string {
  const attributes = node.children.filter((c): c is Tree => isNamed(c, "ac:adf-attribute"));
  const title = [...attributes, ...attributes.flatMap((a) => parameters(a))].find(
    (p) => p.attributes["key"] === "title",
  );
  return title ? textOf(title).trim() : "";
}

function parameters(node: Tree): Tree[] {
  return node.children.flatMap((c) => {
    if (typeof c === "string") return [];
    return c.name === "ac:adf-parameter" ? [c, ...parameters(c)] : parameters(c);
  });
}
