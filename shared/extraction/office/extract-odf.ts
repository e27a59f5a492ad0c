import type { ExtractedFile, FilePart } from "#shared/extraction/extracted-file.ts";
import { ExtractionFailure, textOrNone } from "#shared/extraction/extraction-failure.ts";
import { markdownOfHtml } from "#shared/extraction/html-markdown.ts";
import { OdfHtml } from "./odf-html.ts";
import { type OdfStyles, readOdfStyles } from "./odf-styles.ts";
import { partOf } from "./package-parts.ts";
import type { XmlElement } from "./read-xml.ts";
import { attributeOf, childAt, childrenOf } from "./xml-tree.ts";
import { openZip, type ZipArchive } from "./zip-archive.ts";

/** The text of an OpenDocument text (ODT): headings, lists, tables, footnotes; deleted text and comments are left out. */
export function extractOdt(bytes: Uint8Array): ExtractedFile {
  const zip = openZip(bytes);
  const { body, styles } = readContent(zip);
  const html = new OdfHtml(styles);
  const text = html.blocks(childrenOf(childAt(body, "text")));
  return textOrNone([{ place: null, markdown: markdownOfHtml(text + html.notes) }]);
}

/** The text of an OpenDocument presentation (ODP): its slides in order with their notes. */
export function extractOdp(bytes: Uint8Array): ExtractedFile {
  const zip = openZip(bytes);
  const { body, styles } = readContent(zip);
  const parts = childrenOf(childAt(body, "presentation"), "page").map((page, index): FilePart => {
    const markdown = markdownOfHtml(slideHtml(page, styles));
    return { place: { kind: "slide", number: index + 1 }, markdown };
  });
  return textOrNone(parts);
}

function slideHtml(page: XmlElement, styles: OdfStyles): string {
  const html = new OdfHtml(styles);
  const shapes = childrenOf(page);
  const title = html.line(shapes.filter(isTitle));
  const rest = html.blocks(shapes.filter((shape) => !isTitle(shape) && shape.name !== "notes"));
  const notes = childrenOf(childAt(page, "notes"), "frame").filter(
    (frame) => attributeOf(frame, "presentation:class") === "notes",
  );
  const said = html.blocks(notes);
  return `${title === "" ? "" : `<h2>${title}</h2>`}${rest}${said === "" ? "" : `<p>Notes:</p>${said}`}${html.notes}`;
}

function isTitle(shape: XmlElement): boolean {
  return attributeOf(shape, "presentation:class") === "title";
}

function readContent(zip: ZipArchive): { body: XmlElement | undefined; styles: OdfStyles } {
  const content = partOf(zip, "content.xml");
  if (!content) throw new ExtractionFailure("extraction_failed", "The file lacks its part content.xml");
  const common = partOf(zip, "styles.xml");
  return { body: childAt(content, "body"), styles: readOdfStyles(common ? [common, content] : [content]) };
}
