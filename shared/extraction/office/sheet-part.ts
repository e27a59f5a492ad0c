import type { FilePart } from "#shared/extraction/extracted-file.ts";
import { escapeMarkdown } from "#shared/markdown/print/escape-markdown.ts";

/** A sheet with its name as heading; without any cell it is empty. */
export function sheetPart(name: string, markdown: string): FilePart {
  const heading = escapeMarkdown(name, { startsLine: false, endsLine: true, inLink: false, inCell: false });
  return {
    place: { kind: "sheet", name },
    markdown: markdown === "" ? "" : `## ${heading}\n\n${markdown}`,
  };
}
