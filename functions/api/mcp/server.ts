import {
  createMcpHandler,
  isLegacyRequest,
  McpServer,
  WebStandardStreamableHTTPServerTransport,
  type StandardSchemaWithJSON,
} from "@modelcontextprotocol/server";
import type { z } from "zod";
import { API_VERSION } from "#functions/api/contract/api-version.ts";
import { batchResponse, messagesOfBatch } from "./batch.ts";
import type { Profile } from "./profiles.ts";
import { callTool, type ToolContext } from "./tool.ts";

/** Headers that the protocol reads. The host is the gateway's to check. */
const READ_HEADERS = /^mcp-/;

/**
 * Responds to one request of either era of the protocol: revisions that begin with `initialize`, and those since 2026-07-28 that
 * begin with `server/discover`. A server of its own for each request: nothing is kept between them. Throws as `messagesOfBatch` does.
 */
export async function serveMcp(
  profile: Profile,
  request: { headers: Record<string, string | undefined>; body: unknown },
  context: ToolContext,
): Promise<Response> {
  const web = toWebRequest(request);
  const { body } = request;
  if (Array.isArray(body)) {
    const messages = messagesOfBatch(body, request.headers["mcp-protocol-version"]);
    if (messages.length === 0) return new Response(null, { status: 202 });
    return batchResponse(await serveParsed(profile, { web, parsedBody: messages }, context));
  }
  return serveParsed(profile, { web, parsedBody: body }, context);
}

async function serveParsed(
  profile: Profile,
  { web, parsedBody }: { web: Request; parsedBody: unknown },
  context: ToolContext,
): Promise<Response> {
  if (!(await isLegacyRequest(web, parsedBody))) {
    const handler = createMcpHandler(() => makeServer(profile, context), {
      legacy: "reject",
      // A function has no stream to push changes on, and nothing here changes.
      maxSubscriptions: 0,
    });
    return handler.fetch(web, { parsedBody });
  }
  const server = makeServer(profile, context);
  const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true });
  await server.connect(transport);
  try {
    return await transport.handleRequest(web, { parsedBody });
  } finally {
    await server.close();
  }
}

function makeServer({ instructions, tools }: Profile, context: ToolContext): McpServer {
  const server = new McpServer(
    { name: "confluence-rag-sync", title: "Confluence", version: API_VERSION },
    { instructions, capabilities: { tools: { listChanged: false } } },
  );
  for (const tool of tools) {
    server.registerTool(
      tool.name,
      {
        title: tool.title,
        description: tool.description,
        inputSchema: unchecked(tool.input),
        outputSchema: tool.output,
        annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
      },
      (args) => callTool(tool, args, context),
    );
  }
  return server;
}

/** The schema as clients see it; arguments are checked by `callTool`, whose errors say what to send instead. */
function unchecked(schema: z.ZodObject): StandardSchemaWithJSON {
  const standard = schema["~standard"];
  return {
    "~standard": {
      version: standard.version,
      vendor: standard.vendor,
      jsonSchema: standard.jsonSchema,
      validate: (value) => ({ value }),
    },
  };
}

/**
 * A request without its body, which is parsed already. Whatever a client accepts, the response is JSON: some send less than the protocol
 * asks them to.
 */
function toWebRequest({ headers }: Parameters<typeof serveMcp>[1]): Request {
  const read = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    value !== undefined && READ_HEADERS.test(name) ? [[name, value]] : [],
  );
  return new Request("https://mcp.invalid/mcp", {
    method: "POST",
    headers: [
      ...read,
      ["content-type", "application/json"],
      ["accept", "application/json, text/event-stream"],
    ],
  });
}
