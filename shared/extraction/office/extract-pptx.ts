import type { ExtractedFile, FilePart } from "#shared/extraction/extracted-file.ts";
import { textOrNone } from "#shared/extraction/extraction-failure.ts";
import { markdownOfHtml } from "#shared/extraction/html-markdown.ts";
import { mainPartOf, partOf, type Relation, relationsOf } from "./package-parts.ts";
import type { XmlElement } from "./read-xml.ts";
import { paragraphsHtml, runsHtml, type Links } from "./slide-paragraphs.ts";
import { attributeOf, childAt, childrenOf, escapeHtml, textOf } from "./xml-tree.ts";
import { openZip, type ZipArchive } from "./zip-archive.ts";

/** Placeholders that repeat the number, date and footer on each slide. */
const REPEATED = /^(?:sldNum|dt|ftr|hdr|sldImg)$/;

type Slide = { zip: ZipArchive; relations: ReadonlyMap<string, Relation>; links: Links };

/** The text of a presentation: its slides in order, hidden ones too (they are content that was not shown once), with their notes. */
export function extractPptx(bytes: Uint8Array): ExtractedFile {
  const zip = openZip(bytes);
  const main = mainPartOf(zip, "ppt/presentation.xml");
  const slides = childrenOf(childAt(partOf(zip, main) ?? undefined, "sldIdLst"), "sldId");
  const relations = relationsOf(zip, main);
  const parts = slides.map((slide, index): FilePart => {
    const id = Object.entries(slide.attributes).find(([name]) => name.endsWith(":id"))?.[1] ?? "";
    const html = slideHtml(zip, relations.get(id)?.target ?? "");
    return { place: { kind: "slide", number: index + 1 }, markdown: markdownOfHtml(html) };
  });
  return textOrNone(parts);
}

function slideHtml(zip: ZipArchive, part: string): string {
  const root = partOf(zip, part) ?? undefined;
  const slide = slideOf(zip, part);
  const shapes = shapesOf(childAt(root, "cSld", "spTree"));
  const titles = shapes.filter(isTitle);
  const title = titles
    .map((shape) =>
      textHtml(shape, slide)
        .replaceAll(/<\/?p>/g, " ")
        .trim(),
    )
    .join(" ");
  const rest = shapes.filter((shape) => !isTitle(shape)).map((shape) => shapeHtml(shape, slide));
  return `${title === "" ? "" : `<h2>${title}</h2>`}${rest.join("")}${notesHtml(slide)}`;
}

function slideOf(zip: ZipArchive, part: string): Slide {
  const relations = relationsOf(zip, part);
  const links: Links = (id) => {
    const relation = relations.get(id);
    return relation?.isExternal ? relation.target : null;
  };
  return { zip, relations, links };
}

/** The shapes of a slide with those in groups, in the order of the slide. Alternatives for old programs are left out. */
function shapesOf(tree: XmlElement | undefined): XmlElement[] {
  return childrenOf(tree).flatMap((shape) => {
    if (shape.name === "grpSp") return shapesOf(shape);
    if (shape.name !== "AlternateContent") return [shape];
    return shapesOf(childAt(shape, "Choice") ?? childAt(shape, "Fallback"));
  });
}

function placeholderOf(shape: XmlElement): XmlElement | undefined {
  return childAt(shape, "nvSpPr", "nvPr", "ph");
}

function isTitle(shape: XmlElement): boolean {
  return /^(?:title|ctrTitle)$/.test(attributeOf(placeholderOf(shape), "type"));
}

function shapeHtml(shape: XmlElement, slide: Slide): string {
  if (shape.name === "sp") return textHtml(shape, slide);
  if (shape.name !== "graphicFrame") return "";
  const data = childAt(shape, "graphic", "graphicData");
  const table = childAt(data, "tbl");
  if (table) return tableHtml(table, slide);
  return childrenOf(data)
    .map((drawn) => relatedHtml(drawn, slide))
    .join("");
}

function textHtml(shape: XmlElement, slide: Slide): string {
  const placeholder = placeholderOf(shape);
  const type = attributeOf(placeholder, "type");
  if (REPEATED.test(type)) return "";
  const isOutline = placeholder !== undefined && /^(?:|body|obj)$/.test(type);
  return paragraphsHtml(childrenOf(childAt(shape, "txBody"), "p"), isOutline, slide.links);
}

function tableHtml(table: XmlElement, { links }: Slide): string {
  const rows = childrenOf(table, "tr").map((row, index) => {
    const cells = childrenOf(row, "tc")
      .filter((cell) => !/^(?:1|true)$/.test(attributeOf(cell, "hMerge") || attributeOf(cell, "vMerge")))
      .map((cell) => {
        const name = index === 0 ? "th" : "td";
        const spans = `colspan="${span(cell, "gridSpan")}" rowspan="${span(cell, "rowSpan")}"`;
        const lines = childrenOf(childAt(cell, "txBody"), "p").map((line) => runsHtml(line, links));
        return `<${name} ${spans}>${lines.filter((line) => line !== "").join("<br>")}</${name}>`;
      });
    return `<tr>${cells.join("")}</tr>`;
  });
  return `<table>${rows.join("")}</table>`;
}

function span(cell: XmlElement, name: string): number {
  return Number.parseInt(attributeOf(cell, name), 10) || 1;
}

/** A diagram's texts as a list, a chart's title and the names of its series. */
function relatedHtml(drawn: XmlElement, { zip, relations }: Slide): string {
  const part = relations.get(attributeOf(drawn, "dm") || attributeOf(drawn, "id"));
  if (!part || part.isExternal || !/^(?:diagramData|chart)$/.test(part.kind)) return "";
  const root = partOf(zip, part.target) ?? undefined;
  if (part.kind === "diagramData") {
    const texts = childrenOf(childAt(root, "ptLst"), "pt").map((point) => runsText(childAt(point, "t")));
    return listOf(texts);
  }
  const chart = childAt(root, "chart");
  const title = runsText(childAt(chart, "title"));
  const series = childrenOf(childAt(chart, "plotArea"))
    .flatMap((plot) => childrenOf(plot, "ser"))
    .map((one) => textOf(childAt(one, "tx", "strRef", "strCache", "pt", "v")));
  return `${title === "" ? "" : `<p>${escapeHtml(title)}</p>`}${listOf(series)}`;
}

function listOf(texts: readonly string[]): string {
  const written = texts.filter((text) => text.trim() !== "");
  return written.length === 0
    ? ""
    : `<ul>${written.map((text) => `<li>${escapeHtml(text)}</li>`).join("")}</ul>`;
}

/** The text of all runs inside, without other values of drawings. */
function runsText(element: XmlElement | undefined): string {
  if (!element) return "";
  if (element.name === "r") return textOf(childAt(element, "t"));
  const separator = element.name === "p" ? "" : " ";
  return childrenOf(element)
    .map(runsText)
    .filter((text) => text !== "")
    .join(separator);
}

function notesHtml({ zip, relations }: Slide): string {
  const part = [...relations.values()].find(({ kind }) => kind === "notesSlide");
  const root = part ? (partOf(zip, part.target) ?? undefined) : undefined;
  if (!part || !root) return "";
  const notes = slideOf(zip, part.target);
  const html = shapesOf(childAt(root, "cSld", "spTree"))
    .filter((shape) => shape.name === "sp" && attributeOf(placeholderOf(shape), "type") === "body")
    .map((shape) => paragraphsHtml(childrenOf(childAt(shape, "txBody"), "p"), false, notes.links))
    .join("");
  return html === "" ? "" : `<p>Notes:</p>${html}`;
}
