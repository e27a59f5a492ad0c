import type { CommentOfDocument } from "#shared/documents/comments.ts";
import type { ExtractedFile } from "#shared/extraction/extracted-file.ts";

/*
 * Comments and files whose chunks the representation's revision stands for.
 */

const said = (
  id: string,
  {
    parentId = null,
    by,
    on,
    at = null,
  }: { parentId?: string | null; by: string | null; on: string; at?: string | null },
): CommentOfDocument => ({
  id,
  parentId,
  location: at === null ? "footer" : "inline",
  resolution: at === null ? null : "open",
  selection: at,
  authorId: null,
  authorName: by,
  createdAt: new Date(`${on}T12:00:00Z`),
  modifiedAt: null,
  version: 1,
  url: "",
  body: id,
});

/** Texts of comments by their ids: a list, a heading, code, one with a word too few, one that is empty, one with as many as it needs. */
const SAID: Record<string, string> = {
  1: "Who waits for the ferry at noon?",
  2: "- The pilots\n- The crew of the tug",
  3: "## Later\n\nNobody waits for it.",
  4: "```\n# until it is in\nwait 10\n```",
  5: "Thanks a lot!",
  6: "",
  7: "The number of this berth is outdated since spring",
  8: "Thanks, that helped me!",
};
export const textOf = ({ id }: CommentOfDocument): string => SAID[id] ?? "";

/** A thread with replies at several depths, one that is too short, and one about a text of its page. */
export const COMMENTS = [
  said("1", { by: "Ann Lee", on: "2026-03-01" }),
  said("2", { parentId: "1", by: "Ben Kay", on: "2026-03-02" }),
  said("3", { parentId: "2", by: null, on: "2026-03-03" }),
  said("4", { parentId: "1", by: "Ann Lee", on: "2026-03-04" }),
  said("5", { by: "Ann Lee", on: "2026-03-05" }),
  said("6", { parentId: "1", by: "Ben Kay", on: "2026-03-06" }),
  said("7", { by: "Ben Kay", on: "2026-03-07", at: `Berth  12\nand ${"the quay beside it, ".repeat(6)}` }),
  said("8", { by: "Ann Lee", on: "2026-03-08" }),
];

/** A PDF of which a heading counts for the page after it, and a workbook with more rows than one chunk holds. */
export const EXTRACTED: Record<string, ExtractedFile> = {
  "report.pdf": {
    result: "text",
    extractor: "fixed",
    warnings: [],
    parts: [
      {
        place: { kind: "page", number: 1 },
        markdown: "# Winter\n\nIce on the pier.\n\n## Crew\n\nTwo pilots.",
      },
      { place: { kind: "page", number: 2 }, markdown: "They wait at the quay." },
      { place: { kind: "page", number: 3 }, markdown: "# Summer\n\nNo ice." },
    ],
  },
  "berths.xlsx": {
    result: "text",
    extractor: "fixed",
    warnings: [],
    parts: [
      {
        place: { kind: "sheet", name: "Berths" },
        markdown: `## Berths\n\n| Berth | Captain |\n| --- | --- |\n${Array.from({ length: 150 }, (_, n) => `| Berth ${n} | Captain ${n} of the flotilla |\n`).join("")}`,
      },
    ],
  },
  "charter atlas.dwg": { result: "unsupported_type", extractor: "none", message: "" },
  "image2024-5-6.png": { result: "no_text", extractor: "none", message: "" },
};
