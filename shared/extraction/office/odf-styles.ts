import type { XmlElement } from "./read-xml.ts";
import { attributeOf, childrenOf } from "./xml-tree.ts";

/** What a reader of a text or presentation needs of its styles. */
export type OdfStyles = {
  /** The mark of a list's items at a level (from 1); null when its items have neither bullet nor number. */
  listMark(style: string, level: number): "ul" | "ol" | null;
  isTitle(style: string): boolean;
};

/** Styles based on each other; a loop ends here. */
const MOST_STEPS = 20;

/** Styles of `styles.xml` and the automatic ones of `content.xml`; the later tree wins. */
export function readOdfStyles(trees: readonly XmlElement[]): OdfStyles {
  const groups = trees
    .flatMap((tree) => childrenOf(tree))
    .filter(({ name }) => name === "styles" || name === "automatic-styles");
  const parents = new Map<string, string>();
  const lists = new Map<string, ReadonlyMap<number, "ul" | "ol" | null>>();
  for (const style of groups.flatMap((group) => childrenOf(group))) {
    const name = attributeOf(style, "style:name");
    if (style.name === "style") parents.set(name, attributeOf(style, "style:parent-style-name"));
    if (style.name === "list-style") {
      const levels = childrenOf(style).map(
        (level) => [Number(attributeOf(level, "text:level")), markOf(level)] as const,
      );
      lists.set(name, new Map(levels));
    }
  }
  return {
    listMark: (style, level) => lists.get(style)?.get(level) ?? (lists.has(style) ? null : "ul"),
    isTitle: (style) => {
      let name: string | undefined = style;
      for (let steps = 0; name !== undefined && steps < MOST_STEPS; steps++) {
        if (name === "Title") return true;
        name = parents.get(name);
      }
      return false;
    },
  };
}

function markOf(level: XmlElement): "ul" | "ol" | null {
  if (level.name === "list-level-style-number") {
    return attributeOf(level, "style:num-format") === "" ? null : "ol";
  }
  if (level.name === "list-level-style-image") return "ul";
  return attributeOf(level, "text:bullet-char").trim() === "" ? null : "ul";
}
