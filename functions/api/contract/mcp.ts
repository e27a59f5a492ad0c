import { z } from "zod";
import { contract } from "#functions/runtime/http-contract.ts";
import { readerQuery } from "./fields.ts";

/** Messages of one request: revisions of the protocol before 2025-06-18 send several. */
const MAX_MESSAGES = 10;

const message = z
  .looseObject({ jsonrpc: z.literal("2.0") })
  .meta({ description: "A message of JSON-RPC 2.0, as the Model Context Protocol defines it" });
export const jsonRpcMessages = z.union([message, z.array(message)]);

export const jsonRpcError = z
  .object({
    jsonrpc: z.literal("2.0"),
    id: z.union([z.string(), z.number(), z.null()]).optional(),
    error: z.object({ code: z.int(), message: z.string(), data: z.unknown().optional() }),
  })
  .meta({ id: "JsonRpcError" });

const common = { tag: "Agents", errorShape: "json_rpc" } as const;

/** The tools of one profile over Streamable HTTP. */
const mcpContract = (id: string, path: string, summary: string) =>
  contract({
    ...common,
    id,
    method: "POST",
    paths: [path],
    scope: "search",
    summary,
    description:
      "Model Context Protocol over Streamable HTTP, without sessions: revisions up to 2025-11-25 (`initialize`) and 2026-07-28 (`server/discover`). Responses are JSON, never a stream. Several messages in one request (a batch, which revisions from 2025-06-18 on do not have) get an array; `notifications/cancelled` among them has no effect. The tools read only, and show what the reader may see: the person of the caller's token, or whom the query names.",
    query: z.strictObject(readerQuery),
    body: z.union([z.looseObject({}), z.array(z.looseObject({})).min(1).max(MAX_MESSAGES)]),
    responses: {
      200: jsonRpcMessages,
      202: null,
      400: jsonRpcError,
      404: jsonRpcError,
    },
    errors: ["scope_required"],
    examples: { request: { jsonrpc: "2.0", id: 1, method: "tools/list" } },
  });

export const mcp = mcpContract("mcp", "/mcp", "The tools of agents: search, read, list spaces");

export const mcpChatgpt = mcpContract(
  "mcpChatgpt",
  "/mcp/chatgpt",
  "The tools of ChatGPT's connectors and deep research: search, fetch",
);

export const mcpArchon = mcpContract(
  "mcpArchon",
  "/mcp/archon",
  "The tools of Archon's MCP server that search and read: `rag_…`",
);

/** RFC 9728: the address of a resource's metadata begins with it, and ends with the resource's path. */
export const RESOURCE_METADATA = "/.well-known/oauth-protected-resource";

const metadataContract = (id: string, paths: readonly [string, ...string[]]) =>
  contract({
    id,
    method: "GET",
    paths,
    scope: "issuer",
    tag: "Agents",
    summary: "Where clients of MCP get a token: OAuth 2.0 Protected Resource Metadata",
    description:
      "Only where JWTs are taken (on AWS with `jwtIssuer`): else 404. It needs no token itself. Each path of MCP has its own, whose `resource` it is; the address without a path names `/mcp`, for clients that look only there.",
    query: z.object({}),
    responses: {
      200: z.object({
        resource: z.string().meta({ description: "What a token is asked for" }),
        resource_name: z.string(),
        authorization_servers: z.array(z.string()),
        scopes_supported: z.array(z.string()),
        bearer_methods_supported: z.array(z.literal("header")),
      }),
    },
    errors: ["route_not_found"],
  });

/** For clients of MCP that have no token yet. */
export const mcpMetadata = [
  metadataContract("mcpMetadata", [`${RESOURCE_METADATA}/mcp`, RESOURCE_METADATA]),
  metadataContract("mcpChatgptMetadata", [`${RESOURCE_METADATA}/mcp/chatgpt`]),
  metadataContract("mcpArchonMetadata", [`${RESOURCE_METADATA}/mcp/archon`]),
];

/** A stream to listen to, and a session to end: there are none. */
export const mcpNotAllowed = (["GET", "DELETE"] as const).map((method) =>
  contract({
    ...common,
    id: method === "GET" ? "mcpStream" : "mcpSession",
    method,
    paths: ["/mcp", "/mcp/chatgpt", "/mcp/archon"],
    scope: "public",
    summary: `Not allowed: ${method === "GET" ? "streams" : "sessions"}`,
    query: z.object({}),
    responses: {},
    errors: ["method_not_allowed"],
  }),
);
