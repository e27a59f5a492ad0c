import { UserError } from "#shared/errors.ts";
import { mcpMetadata, RESOURCE_METADATA } from "#functions/api/contract/mcp.ts";
import { httpHandler, route } from "#functions/runtime/http.ts";

/** GET /.well-known/oauth-protected-resource/…: where clients of MCP get a token (RFC 9728), at the address that they asked. */
export const handler = httpHandler(
  ...mcpMetadata.map((contract) => {
    const [path] = contract.paths;
    return route(contract)([], async ({ headers }, { env }) => {
      const { host } = headers;
      if (env.JWT_ISSUER === undefined || host === undefined) {
        throw new UserError(404, "route_not_found", "Route not found: JWT authentication is not configured");
      }
      return {
        status: 200,
        body: {
          resource: `${headers["x-forwarded-proto"] ?? "http"}://${host}${path.slice(RESOURCE_METADATA.length)}`,
          resource_name: "Confluence RAG sync",
          authorization_servers: [env.JWT_ISSUER],
          scopes_supported: ["search"],
          bearer_methods_supported: ["header"],
        },
      };
    });
  }),
);
