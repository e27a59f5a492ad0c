import { z } from "zod";
import { CONTENT_KINDS } from "#shared/content-kinds.ts";
import { PAGE_STATUSES } from "#shared/documents/pages-of-source.ts";
import { NO_TEXT_REASONS } from "#shared/extraction/extracted-file.ts";
import { contract } from "#functions/runtime/http-contract.ts";
import { id, instant, nextCursor, paging, READER_ERRORS, readerQuery, sourceParams, text } from "./fields.ts";

const FILE_RESULTS = ["text", ...NO_TEXT_REASONS] as const;

export const pageSchema = z
  .object({
    page_id: z.string(),
    kind: z.enum(CONTENT_KINDS),
    source_id: id,
    title: z.string(),
    url: z.string(),
    status: z.enum(PAGE_STATUSES).meta({
      description:
        "failed: never stored; pending: not stored yet; a page with an `error` and older content is current",
    }),
    version: z.int(),
    confluence_status: z.string().meta({
      description: "As Confluence last reported it: current, trashed, archived, deleted",
    }),
    parent_id: z.string().nullable(),
    container_id: z.string().nullable().meta({ description: "Of comments and files: what they are on" }),
    file: z
      .object({
        media_type: z.string().nullable(),
        bytes: z.number().nullable(),
        result: z.enum(FILE_RESULTS).nullable().meta({
          description:
            "`text`: found by its text; else why it is found by its name only; null: not stored yet",
        }),
        message: z.string().nullable(),
      })
      .nullable()
      .meta({ description: "Of files" }),
    labels: z.array(z.string()),
    chunk_count: z.int(),
    modified_at: instant.nullable(),
    last_synced_at: instant.nullable(),
    missing_since: instant.nullable(),
    is_deleted: z.boolean(),
    deleted_at: instant.nullable(),
    deleted_reason: z.string().nullable(),
    text_lost: z.string().nullable().meta({ description: "What the conversion could not keep" }),
    rendered_missing: z
      .object({ code: z.string(), message: z.string(), attempts: z.int(), next_attempt_at: instant })
      .nullable()
      .meta({
        description:
          "Set while the page is stored without what its macros render: why, and from when a sync tries again",
      }),
    error: z.object({ code: z.string(), message: z.string(), attempts: z.int().nullable() }).nullable(),
  })
  .meta({ id: "Page" });

export const listPages = contract({
  id: "listPages",
  method: "GET",
  paths: ["/api/confluence/{source_id}/pages"],
  scope: "sources:read",
  tag: "Sources",
  summary: "Pages of a source with their metadata",
  params: sourceParams,
  query: z.strictObject({
    ...paging,
    status: z.enum(PAGE_STATUSES).optional().meta({
      description:
        "current: found by search; failed: every page whose last attempt failed; pending: not stored yet. All of them unless set",
    }),
    kind: z.enum(CONTENT_KINDS).optional().meta({
      description:
        "Pages and blog posts unless set, and with `status` `failed` or `container_id` all kinds; `comments`: a document for each page with comments; `attachment`: files",
    }),
    file_result: z.enum(FILE_RESULTS).optional().meta({
      description: "Only files with this result, of the kind `attachment`: `no_text` are scans and pictures",
    }),
    reason: z
      .string()
      .regex(/^[a-z0-9_]{1,64}$/, "is not a code")
      .optional()
      .meta({ description: "Only pages whose `error` has this code, or that were deleted for this reason" }),
    container_id: id.optional().meta({ description: "Only comments and files of this page" }),
    q: text(200).optional().meta({ description: "In the title, or the page's id" }),
  }),
  responses: { 200: z.object({ pages: z.array(pageSchema), next_cursor: nextCursor }) },
  errors: ["source_not_found", "invalid_cursor"],
});

const pageParams = sourceParams.extend({
  page_id: id.meta({ description: "As the list has it, of any kind" }),
});

export const getSourcePage = contract({
  id: "getSourcePage",
  method: "GET",
  paths: ["/api/confluence/{source_id}/pages/{page_id}"],
  scope: "sources:read",
  tag: "Sources",
  summary: "One page of a source with its metadata",
  description: "Whatever its status. `GET /api/pages/{page_id}` returns its text.",
  params: pageParams,
  responses: {
    200: pageSchema
      .extend({
        previous: z.object({ version: z.int(), replaced_at: instant, chunk_count: z.int() }).nullable().meta({
          description:
            "Its chunks before they changed last, for `GET …/chunks?of=previous`; null: they did not change, or too long ago",
        }),
      })
      .meta({ id: "SourcePage" }),
  },
  errors: ["source_not_found", "page_not_found"],
});

export const pageChunkSchema = z
  .object({
    chunk_id: z.string().nullable().meta({ description: "Null of previous chunks" }),
    chunk_number: z.int().meta({ description: "From 0, in the order of the page" }),
    heading_path: z.array(z.string()),
    content: z.string().meta({ description: "Markdown" }),
    tokens: z.int().meta({ description: "Estimated" }),
    characters: z.int(),
    change: z.enum(["kept", "added", "removed"]).nullable().meta({
      description:
        "Of current chunks `kept` or `added`, of previous ones `kept` or `removed`: whether the other list has what is embedded, which includes the title; null: there is no previous list",
    }),
  })
  .meta({ id: "PageChunk" });

export const listPageChunks = contract({
  id: "listPageChunks",
  method: "GET",
  paths: ["/api/confluence/{source_id}/pages/{page_id}/chunks"],
  scope: "search",
  tag: "Sources",
  summary: "The chunks of a page, as they are stored or were before",
  description:
    "Of a page that search finds for the reader; any other is not found. `previous`: before they changed last, as long as operations are kept; others may have been allowed to read that, so it needs `visibility` `all`, or a source with access `everything`.",
  params: pageParams,
  query: z.strictObject({
    ...paging,
    of: z.enum(["current", "previous"]).default("current"),
    ...readerQuery,
  }),
  responses: {
    200: z.object({
      source_id: id,
      page_id: z.string(),
      of: z.enum(["current", "previous"]),
      version: z.int().nullable().meta({ description: "Whose chunks they are; null: no previous list" }),
      chunks: z.array(pageChunkSchema),
      next_cursor: nextCursor,
    }),
  },
  errors: ["source_not_found", "page_not_found", "invalid_cursor", ...READER_ERRORS],
});
