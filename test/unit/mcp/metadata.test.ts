import { discoverOAuthProtectedResourceMetadata } from "@modelcontextprotocol/client";
import { describe, expect, it } from "vitest";
import { routes } from "#infra/routes.ts";
import { parseEnv } from "#shared/env.ts";
import { makeLog } from "#shared/log.ts";
import { makeApiClient } from "#test/support/api-client.ts";

const ISSUER = "https://login.example.com/";
const headers = { host: "api.example.com", "x-forwarded-proto": "https" };

/** It needs no database. */
const apiWith = (env: Record<string, string>) =>
  makeApiClient({
    env: parseEnv(env),
    log: makeLog(
      "silent",
      () => {},
      () => new Date(),
    ),
  });

describe("where to get a token", () => {
  const profiles = ["/mcp", "/mcp/chatgpt", "/mcp/archon"];

  it.each(profiles)(
    "the official client finds the issuer of tokens for %s, at its first try",
    async (path) => {
      const api = await apiWith({ JWT_ISSUER: ISSUER });
      const asked: string[] = [];
      const metadata = await discoverOAuthProtectedResourceMetadata(
        new URL(`https://api.example.com${path}`),
        undefined,
        async (url) => {
          const { pathname } = new URL(url);
          asked.push(pathname);
          const isRouted = routes.some((route) => route.path === pathname);
          if (!isRouted) return Response.json({ message: "Not Found" }, { status: 404 });
          const answer = await api("GET", pathname, { headers });
          return new Response(answer.text, { status: answer.status, headers: answer.headers });
        },
      );
      expect(asked).toEqual([`/.well-known/oauth-protected-resource${path}`]);
      // RFC 9728, 3.3: else a client must not use it.
      expect(metadata).toEqual({
        resource: `https://api.example.com${path}`,
        resource_name: "Confluence RAG sync",
        authorization_servers: [ISSUER],
        scopes_supported: ["search"],
        bearer_methods_supported: ["header"],
      });
    },
  );

  it("a client that knows only the address without a path is told of /mcp", async () => {
    const api = await apiWith({ JWT_ISSUER: ISSUER });
    const answer = await api("GET", "/.well-known/oauth-protected-resource", { headers });
    expect(answer.body.resource).toBe("https://api.example.com/mcp");
  });

  it("an API that takes no tokens of an issuer names none: 404", async () => {
    const api = await apiWith({});
    const answer = await api("GET", "/.well-known/oauth-protected-resource/mcp", { headers });
    expect([answer.status, answer.body.error.code]).toEqual([404, "route_not_found"]);
  });
});
