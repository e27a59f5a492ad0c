import { z } from "zod";
import { commentsId } from "#shared/content-kinds.ts";
import { outlineOf } from "#shared/documents/read-in-order/outline.ts";
import { partOf } from "#shared/documents/read-in-order/parts.ts";
import { type Piece, piecesOf } from "#shared/documents/read-in-order/pieces.ts";
import {
  type BesidePage,
  type DocumentToRead,
  readBeside,
  readDocument,
} from "#shared/documents/read-in-order/read-document.ts";
import { type Section, sectionsOf } from "#shared/documents/read-in-order/sections.ts";
import { UserError } from "#shared/errors.ts";
import { findDocument, type FoundDocument } from "#functions/api/mcp/find-document.ts";
import { cursorOf, startReading } from "#functions/api/mcp/reading.ts";
import {
  cleanPart,
  type DocumentPart,
  documentText,
  fileTokens,
  overheadTokens,
  textTokens,
} from "#functions/api/mcp/text/document-text.ts";
import { newMarker } from "#functions/api/mcp/text/passage.ts";
import { firstWithin } from "#functions/api/mcp/text/token-budget.ts";
import { documentPart } from "./document-part.ts";
import { defineTool } from "#functions/api/mcp/tool.ts";
import { qualifiedId } from "#functions/api/responses/page-id.ts";

const DEFAULT_TOKENS = 4000;
const MIN_TOKENS = 500;
const MAX_TOKENS = 12_000;
/** Of a part at most, for the outline and for the files each. */
const LIST_SHARE = 1 / 5;
/** Around the outline and the files: what they are, and how many are left out. */
const AROUND_LISTS_TOKENS = 40;
const MAX_FILES = 20;
/** Text that a part holds at least, whatever titles and addresses take. */
const MIN_TEXT_TOKENS = 150;

const noNul = z.string().regex(/^[^\u0000]*$/, "must not contain U+0000");

/** Reads a document in order, part by part. */
export const readConfluencePage = defineTool({
  name: "read_confluence_page",
  title: "Read a Confluence page",
  description:
    "Reads a page, blog post, file or the comments of a page in order, as Markdown, in parts of at most `max_tokens`. The first part has the outline; send `heading` to read one section, or `cursor` to read on. Tables and code are never cut inside a row or without their header or fence.",
  input: z.strictObject({
    page: noNul
      .trim()
      .min(1)
      .max(4000)
      .describe(
        "What to read: a `page_id` or `url` that search_confluence returned, or a URL from the browser (also short links, of a comment, of a file)",
      ),
    heading: noNul
      .trim()
      .max(500)
      .optional()
      .describe(
        "Only this section, with its subsections: a heading of the outline or of a search result, as `Heading` or `Parent › Heading`; of files also `Page 3`, `Slide 2`, `Sheet Budget`",
      ),
    cursor: z
      .string()
      .max(4000)
      .optional()
      .describe("The `next_cursor` of the part before, to read on; with the same `page`"),
    max_tokens: z
      .int()
      .min(MIN_TOKENS)
      .max(MAX_TOKENS)
      .default(DEFAULT_TOKENS)
      .describe("Size of the part, in tokens"),
  }),
  output: documentPart,
  async run({ page: named, heading, cursor, max_tokens: maxTokens }, context) {
    const { sql, newId } = context.services;
    const found = await findDocument(named, context);
    const { page, permitted } = found;
    const of = { sourceId: page.sourceId, pageId: page.pageId, readable: permitted.readable };
    const document = await readDocument(sql, of);
    if (!document) throw new UserError(404, "page_not_found", "The page was deleted or hidden just now");
    const pieces = piecesOf(document.chunks);
    const reading = startReading(pieces, { found, document, heading, cursor });
    const isFirst = reading.isWhole && reading.position.piece === 0 && reading.position.cut === 0;
    const beside =
      isFirst && document.containerId === null ? await readBeside(sql, of, MAX_FILES) : NOTHING_BESIDE;
    const marker = newMarker(newId);
    const whole = cleanPart(
      {
        ...headOf(found, document),
        section: reading.section,
        section_count: reading.sectionCount,
        changed: reading.changed,
        outline: [],
        outline_omitted: 0,
        ...besideJson(beside, found),
        markdown: "",
        next_cursor: cursorOf(found, document, reading, reading.position),
      },
      maxTokens,
    );
    const sections = isFirst ? sectionsOf(pieces) : [];
    const part = cleanPart(
      { ...whole, ...listsOf(whole, { pieces, sections, maxTokens, marker }) },
      maxTokens,
    );
    const budget = Math.max(MIN_TEXT_TOKENS, maxTokens - overheadTokens(part, marker));
    if (reading.position.cutBudget > budget) {
      throw new UserError(
        400,
        "invalid_request",
        "max_tokens is too small to read on from this cursor: send at least the max_tokens of the part before",
      );
    }
    const limits = { to: reading.to, budget, tokensOf: textTokens };
    const { text, next } = partOf(pieces, reading.position, limits);
    const next_cursor = next && cursorOf(found, document, reading, next);
    const structured = cleanPart({ ...part, markdown: text, next_cursor }, maxTokens);
    const { accountId, mode } = permitted.permissions;
    return {
      structured,
      text: documentText(structured, marker),
      log: { results: 1, account_id: accountId, permissions: mode },
    };
  },
});

/** The files and the outline that a part has room for beside what else it says and some text. */
function listsOf(
  part: DocumentPart,
  limits: { pieces: readonly Piece[]; sections: readonly Section[]; maxTokens: number; marker: string },
) {
  const { pieces, sections, maxTokens, marker } = limits;
  const others = overheadTokens({ ...part, files: [] }, marker) + AROUND_LISTS_TOKENS + MIN_TEXT_TOKENS;
  const room = Math.max(0, maxTokens - others);
  const files = firstWithin(part.files, Math.min(maxTokens * LIST_SHARE, room / 2), fileTokens);
  const left = room - files.reduce((sum, file) => sum + fileTokens(file), 0);
  const outline = outlineOf(pieces, sections, Math.min(maxTokens * LIST_SHARE, left));
  return { files, outline: outline.entries, outline_omitted: outline.omitted };
}

const NOTHING_BESIDE: BesidePage = { files: [], fileCount: 0, threadCount: 0 };

function headOf({ page }: FoundDocument, document: DocumentToRead) {
  const { containerId, modifiedAt } = document;
  return {
    page_id: qualifiedId(page),
    title: document.title,
    url: document.url,
    kind: document.kind,
    space: document.spaceKey,
    breadcrumb: document.breadcrumb,
    on_page_id: containerId === null ? null : qualifiedId({ ...page, pageId: containerId }),
    version: document.version,
    modified_at: modifiedAt === null ? null : modifiedAt.toISOString(),
    labels: document.labels,
  };
}

function besideJson({ files, fileCount, threadCount }: BesidePage, { page }: FoundDocument) {
  const idOf = (pageId: string) => qualifiedId({ ...page, pageId });
  return {
    files: files.map(({ pageId, title, hasText }) => ({ page_id: idOf(pageId), title, has_text: hasText })),
    file_count: fileCount,
    comments: threadCount === 0 ? null : { page_id: idOf(commentsId(page.pageId)), threads: threadCount },
  };
}
