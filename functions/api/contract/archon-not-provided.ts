import { z } from "zod";
import { contract } from "#functions/runtime/http-contract.ts";
import { sourceParams } from "./fields.ts";

const notProvided = {
  tag: "Knowledge",
  errorShape: "detail",
  scope: "search",
  responses: {},
  errors: ["not_provided"],
} as const;

/** Archon's endpoints that this service does not implement: it syncs Confluence spaces, nothing else. */
export const notProvidedRoutes = [
  contract({
    ...notProvided,
    id: "crawl",
    method: "POST",
    paths: ["/api/knowledge-items/crawl", "/api/knowledge/crawl"],
    summary: "Not provided: crawling web sites",
  }),
  contract({
    ...notProvided,
    id: "uploadDocument",
    method: "POST",
    paths: ["/api/documents/upload"],
    summary: "Not provided: uploading documents",
    // Archon's upload dialog shows `error` verbatim.
    errorShape: "error_text",
  }),
  contract({
    ...notProvided,
    id: "searchCodeExamples",
    method: "POST",
    paths: ["/api/rag/code-examples", "/api/code-examples"],
    summary: "Not provided: searching code examples apart from the text",
  }),
  contract({
    ...notProvided,
    id: "listCodeExamples",
    method: "GET",
    paths: ["/api/knowledge-items/{source_id}/code-examples", "/api/knowledge/{source_id}/code-examples"],
    summary: "Not provided: listing code examples apart from the text",
    params: sourceParams,
    // Whatever the page asked for.
    query: z.object({}),
  }),
] as const;
