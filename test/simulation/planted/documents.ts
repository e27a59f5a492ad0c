import { bugFoundBy, change, type PlantedBug } from "../planted-bugs.ts";

const SWAPS = "test/integration/documents/swaps.test.ts";
const CHUNKS = "test/unit/chunking/chunk-markdown.test.ts";

/** Chunks and the rows that they are stored in. */
export const DOCUMENT_BUGS: readonly PlantedBug[] = [
  bugFoundBy(
    SWAPS,
    "chunks that move up keep their number",
    change(
      "shared/documents/write-chunks.ts",
      "stored.marked || chunkNumber !== stored.chunkNumber",
      "stored.marked || chunkNumber > stored.chunkNumber",
    ),
  ),
  bugFoundBy(
    SWAPS,
    "a swap reads the chunks of the same page in other sources",
    change(
      "shared/documents/add-documents.ts",
      "where c.source_id = ${page.sourceId} and c.page_id = ${page.pageId}`;\n}",
      "where c.page_id = ${page.pageId}`;\n}",
    ),
  ),
  bugFoundBy(
    SWAPS,
    "a swap writes to the same page in other sources",
    change(
      "shared/documents/add-documents.ts",
      "    where source_id = ${page.sourceId} and page_id = ${page.pageId}\n    returning chunk_count",
      "    where page_id = ${page.pageId}\n    returning chunk_count",
    ),
  ),
  bugFoundBy(
    CHUNKS,
    "a continued table has no header",
    change(
      "shared/chunking/table-units.ts",
      'isBelowHeader ? "" : headerAbove +',
      'isBelowHeader ? "" : "" +',
    ),
  ),
];
