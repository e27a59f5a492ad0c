import type { XmlElement } from "./read-xml.ts";
import { attributeOf, childAt, childrenOf, escapeHtml, textOf } from "./xml-tree.ts";

/** The address of a link by its relation's id; null if it leads to another slide. */
export type Links = (id: string) => string | null;

type Paragraph = { html: string; level: number; list: "ul" | "ol" | null };

/**
 * The paragraphs of a shape as HTML: those with a bullet or number as lists by level. In an outline placeholder (`isOutline`)
 * paragraphs have the bullet of the slide's layout unless they turn it off.
 */
export function paragraphsHtml(paragraphs: readonly XmlElement[], isOutline: boolean, links: Links): string {
  const written = paragraphs
    .map((paragraph) => readParagraph(paragraph, isOutline && paragraphs.length > 1, links))
    .filter(({ html }) => html.trim() !== "");
  let html = "";
  const open: string[] = [];
  const close = (depth: number): void => {
    while (open.length > depth) html += `</li></${open.pop()}>`;
  };
  for (const { html: text, level, list } of written) {
    if (list === null) {
      close(0);
      html += `<p>${text}</p>`;
      continue;
    }
    // A level is at most one deeper than the one before: skipped levels have no item that could hold it.
    const depth = Math.min(level, open.length);
    close(depth + 1);
    if (open.length === depth + 1 && open.at(-1) !== list) close(depth);
    if (open.length === depth + 1) html += "</li><li>";
    else {
      open.push(list);
      html += `<${list}><li>`;
    }
    html += text;
  }
  close(0);
  return html;
}

function readParagraph(paragraph: XmlElement, hasBullets: boolean, links: Links): Paragraph {
  const properties = childAt(paragraph, "pPr");
  const level = Math.min(Number.parseInt(attributeOf(properties, "lvl"), 10) || 0, 8);
  const isNumbered = childAt(properties, "buAutoNum") !== undefined;
  const isBullet = childAt(properties, "buChar") ?? childAt(properties, "buBlip");
  const isPlain = childAt(properties, "buNone") !== undefined;
  const list = isNumbered ? "ol" : isBullet || (hasBullets && !isPlain) ? "ul" : null;
  return { html: runsHtml(paragraph, links), level, list };
}

/** The runs of a paragraph as HTML: text, fields, line breaks, links to web addresses. */
export function runsHtml(element: XmlElement, links: Links): string {
  return childrenOf(element)
    .map((node) => {
      if (node.name === "br") return "<br>";
      if (node.name === "t") return escapeHtml(textOf(node));
      if (node.name === "Fallback") return "";
      if (node.name !== "r" && node.name !== "fld") return runsHtml(node, links);
      const text = escapeHtml(textOf(childAt(node, "t")));
      const link = childAt(node, "rPr", "hlinkClick");
      const address = link ? links(attributeOf(link, "id")) : null;
      return address === null ? text : `<a href="${escapeHtml(address)}">${text}</a>`;
    })
    .join("");
}
