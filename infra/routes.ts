/** DATA ONLY: every HTTP route, its function and who may call it. Beside topology.ts, which has the functions. */
import type { FunctionName } from "./topology.ts";

export type Method = "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
/**
 * `hook`: authenticated by the function itself, by a secret that the sender was given. `issuer`: says where to get a token, to whoever has
 * none; only where tokens are taken.
 */
export type Scope = "sources:read" | "sources:write" | "search" | "public" | "hook" | "issuer";
export type Route = { method: Method; path: string; function: FunctionName; scope: Scope };

const route = (method: Method, path: string, name: FunctionName, scope: Scope): Route => ({
  method,
  path,
  function: name,
  scope,
});

/** Each profile of the Model Context Protocol; GET and DELETE are refused whoever asks. */
const mcpRoutes = (path: string): readonly Route[] => [
  route("POST", path, "mcp", "search"),
  route("GET", path, "mcp", "public"),
  route("DELETE", path, "mcp", "public"),
  route("GET", `/.well-known/oauth-protected-resource${path}`, "mcp-metadata", "issuer"),
];

/** The knowledge endpoints have two prefixes: the one that clients use, and an alias. */
const knowledgeRoutes = (prefix: string): readonly Route[] => [
  route("GET", prefix, "knowledge-items", "search"),
  route("GET", `${prefix}/summary`, "knowledge-items", "search"),
  route("GET", `${prefix}/sources`, "knowledge-items", "search"),
  route("POST", `${prefix}/search`, "search", "search"),
  route("POST", `${prefix}/crawl`, "not-provided", "search"),
  route("POST", `${prefix}/stop/{operation_id}`, "cancel-sync", "sources:write"),
  route("PUT", `${prefix}/{source_id}`, "knowledge-items", "sources:write"),
  route("DELETE", `${prefix}/{source_id}`, "delete-source", "sources:write"),
  route("GET", `${prefix}/{source_id}/chunks`, "knowledge-items", "search"),
  route("GET", `${prefix}/{source_id}/code-examples`, "not-provided", "search"),
  route("POST", `${prefix}/{source_id}/refresh`, "trigger-sync", "sources:write"),
];

export const routes: readonly Route[] = [
  route("POST", "/api/confluence/sources", "create-source", "sources:write"),
  route("GET", "/api/confluence/sources", "list-sources", "sources:read"),
  route("POST", "/api/confluence/sites", "connect-site", "sources:write"),
  route("POST", "/api/confluence/sites/check", "connect-site", "sources:write"),
  route("GET", "/api/confluence/sites", "manage-sites", "sources:read"),
  route("GET", "/api/confluence/sites/{site_id}", "manage-sites", "sources:read"),
  route("PATCH", "/api/confluence/sites/{site_id}", "connect-site", "sources:write"),
  route("DELETE", "/api/confluence/sites/{site_id}", "manage-sites", "sources:write"),
  route("GET", "/api/confluence/sites/{site_id}/spaces", "manage-sites", "sources:read"),
  route("POST", "/api/confluence/sites/{site_id}/discover", "connect-site", "sources:write"),
  route("GET", "/api/confluence/{source_id}", "get-source", "sources:read"),
  route("PATCH", "/api/confluence/{source_id}", "update-source", "sources:write"),
  route("DELETE", "/api/confluence/{source_id}", "delete-source", "sources:write"),
  route("POST", "/api/confluence/{source_id}/sync", "trigger-sync", "sources:write"),
  route("GET", "/api/confluence/{source_id}/status", "get-status", "sources:read"),
  route("POST", "/api/confluence/{source_id}/cancel", "cancel-sync", "sources:write"),
  route("POST", "/api/confluence/{source_id}/deletion-check", "check-deletions", "sources:write"),
  route("GET", "/api/confluence/{source_id}/held-deletions", "get-status", "sources:read"),
  route("POST", "/api/confluence/{source_id}/held-deletions/approve", "check-deletions", "sources:write"),
  route("POST", "/api/confluence/{source_id}/held-deletions/reject", "check-deletions", "sources:write"),
  route("GET", "/api/confluence/{source_id}/pages", "list-pages", "sources:read"),
  route("GET", "/api/confluence/{source_id}/pages/{page_id}", "list-pages", "sources:read"),
  route("GET", "/api/confluence/{source_id}/pages/{page_id}/chunks", "list-pages", "search"),
  route("POST", "/api/confluence/{source_id}/pages/{page_id}/sync", "trigger-sync", "sources:write"),
  route("POST", "/api/confluence/sites/{site_id}/hooks", "hooks", "sources:write"),
  route("GET", "/api/confluence/sites/{site_id}/hooks", "hooks", "sources:read"),
  route("POST", "/api/confluence/sites/{site_id}/hooks/{hook_id}/rotate", "hooks", "sources:write"),
  route("DELETE", "/api/confluence/sites/{site_id}/hooks/{hook_id}", "hooks", "sources:write"),
  route("POST", "/hooks/confluence/{hook_id}", "receive-hook", "hook"),
  route("GET", "/api/access/explain", "explain-access", "sources:read"),
  route("GET", "/api/identities", "identities", "sources:read"),
  route("PUT", "/api/identities", "identities", "sources:write"),
  route("GET", "/api/progress", "list-progress", "sources:read"),
  route("GET", "/api/progress/{operation_id}", "get-progress", "sources:read"),
  route("GET", "/api/progress/{operation_id}/planned-changes", "get-progress", "sources:read"),
  route("GET", "/api/progress/{operation_id}/changes", "get-progress", "sources:read"),
  route("GET", "/api/usage", "list-progress", "sources:read"),
  route("GET", "/api/crawl-progress/{operation_id}", "get-progress", "sources:read"),
  route("POST", "/api/rag/query", "search", "search"),
  route("POST", "/api/rag/explain", "search", "sources:read"),
  ...mcpRoutes("/mcp"),
  ...mcpRoutes("/mcp/chatgpt"),
  ...mcpRoutes("/mcp/archon"),
  route("GET", "/.well-known/oauth-protected-resource", "mcp-metadata", "issuer"),
  route("GET", "/api/rag/sources", "knowledge-items", "search"),
  ...knowledgeRoutes("/api/knowledge-items"),
  ...knowledgeRoutes("/api/knowledge"),
  route("DELETE", "/api/sources/{source_id}", "delete-source", "sources:write"),
  route("GET", "/api/pages", "stored-pages", "search"),
  route("GET", "/api/pages/by-url", "stored-pages", "search"),
  route("GET", "/api/pages/{page_id}", "stored-pages", "search"),
  route("POST", "/api/documents/upload", "not-provided", "search"),
  route("POST", "/api/rag/code-examples", "not-provided", "search"),
  route("POST", "/api/code-examples", "not-provided", "search"),
  route("GET", "/api/database/metrics", "knowledge-items", "search"),
  route("GET", "/api/queues", "queues", "sources:read"),
  route("POST", "/api/queues/{queue}/redrive", "queues", "sources:write"),
  route("GET", "/health", "health", "public"),
  route("GET", "/api/health", "health", "public"),
  route("GET", "/openapi.json", "openapi", "public"),
];
