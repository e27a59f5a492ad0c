import { UserError } from "#shared/errors.ts";
import { jsonRpcError, jsonRpcMessages, mcpNotAllowed } from "#functions/api/contract/mcp.ts";
import { readerOf } from "#functions/api/use-cases/permitted-reading.ts";
import { httpHandler, route } from "#functions/runtime/http.ts";
import { database } from "#functions/runtime/providers/database.ts";
import { embedder } from "#functions/runtime/providers/embedder.ts";
import { hitVerifier } from "#functions/runtime/providers/hit-verifier.ts";
import { reranker } from "#functions/runtime/providers/reranker.ts";
import { profiles } from "./mcp/profiles.ts";
import { serveMcp } from "./mcp/server.ts";

const served = profiles.map((profile) =>
  route(profile.contract)(
    [database, embedder, reranker, hitVerifier],
    async ({ headers, body: sent, query: asked, caller }, services) => {
      // A connection that may not name its reader fails as a whole, not with each tool.
      readerOf(caller, asked, services.env);
      const response = await serveMcp(profile, { headers, body: sent }, { services, caller, asked });
      const { status } = response;
      if (status === 202) return { status };
      const body: unknown = await response.json();
      if (status === 200) return { status, body: jsonRpcMessages.parse(body) };
      if (status === 400) return { status, body: jsonRpcError.parse(body) };
      if (status === 404) return { status, body: jsonRpcError.parse(body) };
      throw new Error(`The server of the protocol responded with ${status}`);
    },
  ),
);

const notAllowed = mcpNotAllowed.map((contract) =>
  route(contract)([], async () => {
    throw new UserError(
      405,
      "method_not_allowed",
      "Send each message by POST: there is no stream or session",
      {
        details: { allow: ["POST"] },
      },
    );
  }),
);

/** POST /mcp: the Model Context Protocol. GET and DELETE, which would open a stream and end a session, are 405. */
export const handler = httpHandler(...served, ...notAllowed);
