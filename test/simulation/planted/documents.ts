import { bug, bugFoundBy, change, type PlantedBug } from "../planted-bugs.ts";

const SWAPS = "test/integration/documents/swaps.test.ts";
const GUARDS = "test/integration/documents/swap-guards.test.ts";
const CHUNKS = "test/unit/chunking/chunk-markdown.test.ts";
const CHUNK_CONTEXT = "test/unit/chunking/chunk-context.test.ts";
const RENDERED_PARTS = "test/unit/markdown/rendered-parts.test.ts";

/** Chunks and the rows that they are stored in. */
export const DOCUMENT_BUGS: readonly PlantedBug[] = [
  bugFoundBy(
    "test/integration/search/ranking.test.ts",
    "a word counts once for each language of the sources",
    change("sql/functions/query-words.sql", "group by s.place", "group by s.place, s.stem"),
  ),
  bugFoundBy(
    "test/integration/search/many-matches.test.ts",
    "of too many chunks with some of the words, those of the first pages are ranked",
    change(
      "sql/functions/search.sql",
      "order by case when few_chunks > one_by_one_at_most then (",
      "order by case when false then (",
    ),
  ),
  bugFoundBy(
    "test/integration/documents/stored-text.test.ts",
    "reading a page shows chunks that are marked for deletion",
    change(
      "shared/documents/stored-text.ts",
      "is distinct from 'true' or is_shown_chunk(c))",
      "is null or true)",
    ),
  ),
  bugFoundBy(
    "test/integration/documents/add-documents.test.ts",
    "a chunk of a renamed section keeps the section's old heading",
    change(
      "shared/documents/add-documents.ts",
      "() => moveKept(tx, page, changes.kept, options.language),",
      "",
    ),
  ),
  bugFoundBy(
    "test/integration/syncs/compare-index.test.ts",
    "a comparison of bodies trusts the headings that are stored",
    change(
      "shared/verify/compare-content.ts",
      "!isDeepStrictEqual(chunk, actual[index])",
      "chunk.content !== actual[index]?.content",
    ),
  ),
  bug(
    "the text that a swap takes away is not kept for comparing",
    change(
      "shared/documents/previous-chunks.ts",
      "then content end) order by chunk_number, id)",
      "then null end) order by chunk_number, id)",
    ),
  ),
  bug(
    "what a deleted page was before is still there",
    change(
      "sql/functions/chunks.sql",
      "delete from page_previous_chunks where source_id = new.source_id and page_id = new.page_id;",
      "perform 1;",
    ),
  ),
  bugFoundBy(
    "test/integration/api/page-chunks.test.ts",
    "whoever may read a page may read what others could before",
    change(
      "functions/api/use-cases/chunks-page.ts",
      'if (of === "previous" && readable !== null) throw previousRefused();',
      'if (of === "previous" && query.limit < 1) throw previousRefused();',
    ),
  ),
  bug(
    "a swap replaces the chunks of another site's page of the same id",
    change(
      "shared/documents/add-documents.ts",
      "where c.source_id = ${page.sourceId} and c.page_id = ${page.pageId}`;",
      "where c.page_id = ${page.pageId}`;",
    ),
  ),
  bugFoundBy(
    "test/unit/documents/is-newer.test.ts",
    "a page is not stored again by a newer converter",
    change(
      "shared/documents/is-newer.ts",
      "return page.representationRevision > stored.representationRevision;",
      "return page.representationRevision < stored.representationRevision;",
    ),
  ),
  bugFoundBy(
    SWAPS,
    "chunks that move up keep their number",
    change(
      "shared/documents/write-chunks.ts",
      "chunkNumber !== stored.chunkNumber ||",
      "chunkNumber > stored.chunkNumber ||",
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
      "shared/chunking/block-tree.ts",
      "line && TABLE.test(line.text); line",
      'line && (line.text.trim() === "" || TABLE.test(line.text)); line',
    ),
  ),
  bugFoundBy(
    CHUNK_CONTEXT,
    "what follows an expand is under its title",
    change(
      "shared/chunking/cut-markdown.ts",
      "    if (this.#chunk && this.#chunk.depth >= inside.depth) this.#flush();",
      "",
    ),
  ),
  bugFoundBy(
    CHUNK_CONTEXT,
    "a cut row says its first cell in its first part only",
    change("shared/chunking/row-parts.ts", "names.slice(0, Math.max(0, place.cells))", "names.slice(0, 0)"),
  ),
  bugFoundBy(
    RENDERED_PARTS,
    "the storage beside a rendered macro is lost",
    change(
      "shared/markdown/read-page.ts",
      "else fillMacros(root, body);",
      "else root.children = body.children;",
    ),
  ),
  bugFoundBy(
    GUARDS,
    "a page is stored with more chunks than it has",
    change(
      "shared/documents/add-documents.ts",
      "if (stored?.chunk_count !== page.chunks.length) {",
      "if (stored?.chunk_count === -1) {",
    ),
  ),
  bugFoundBy(
    GUARDS,
    "a late body shows a page that was hidden meanwhile",
    change(
      "shared/documents/is-superseded.ts",
      "if (!isHidden || stateRevision",
      "if (!isHidden || stateRevision >= 0 || stateRevision",
    ),
  ),
  bugFoundBy(
    "test/integration/syncs/late-bodies.test.ts",
    "a worker of a cancelled sync shows a page that was hidden meanwhile",
    change(
      "shared/documents/add-documents.ts",
      "      requireVisible(stored, options.expectedStateRevision);\n",
      "",
    ),
  ),
  bugFoundBy(
    GUARDS,
    "a page that was hidden before is never shown again",
    change(
      "shared/documents/is-superseded.ts",
      "if (!isHidden || stateRevision === expected) return;",
      "if (!isHidden) return;",
    ),
  ),
  bugFoundBy(
    GUARDS,
    "chunks are stored without their vectors",
    change(
      "shared/documents/write-chunks.ts",
      "if (stored === expected) return;",
      "if (stored <= expected) return;",
    ),
  ),
  bugFoundBy(
    GUARDS,
    "a late body clears the error of a page deleted here",
    change(
      "shared/documents/add-documents.ts",
      "if (!stored.failed || stored.isDeleted) return;",
      "if (!stored.failed) return;",
    ),
  ),
  bugFoundBy(
    CHUNKS,
    "a second table has the header of the first",
    change(
      "shared/chunking/table-units.ts",
      "const header: Line[] = [];",
      "const header: Line[] = ((outline as { kept?: Line[] }).kept ??= []);",
    ),
  ),
  bugFoundBy(
    "test/integration/syncs/kept-plans.test.ts",
    "each swap looks through all chunks of its source, by a plan from when there were few",
    change(
      "shared/documents/find-reusable.ts",
      "where c.source_id = ${sourceId} and c.page_id = p.page_id offset 0) c",
      "where c.source_id = ${sourceId} and c.page_id = p.page_id) c",
    ),
  ),
  bugFoundBy(
    "test/integration/search/copies.test.ts",
    "one long document uses up the results of a search for pages",
    change(
      "shared/documents/search.ts",
      "return wereCutOff && total < matchCount;",
      "return wereCutOff && total < 0 * matchCount;",
    ),
  ),
  bugFoundBy(
    "test/integration/api/knowledge.test.ts",
    "the comments on a page are read in its place",
    change("shared/documents/stored-text.ts", " and p.kind <> 'comments'`}", "`}"),
  ),
];
