import { discoverOAuthProtectedResourceMetadata } from "@modelcontextprotocol/client";
import { describe, expect, it } from "vitest";
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
  it.each(["/mcp", "/mcp/chatgpt"])("the official client finds the issuer of tokens for %s", async (path) => {
    const api = await apiWith({ JWT_ISSUER: ISSUER });
    const asked: string[] = [];
    const metadata = await discoverOAuthProtectedResourceMetadata(
      new URL(`https://api.example.com${path}`),
      undefined,
      async (url) => {
        const { pathname } = new URL(url);
        asked.push(pathname);
        const isRouted = pathname === "/.well-known/oauth-protected-resource" || pathname.endsWith("/mcp");
        if (!isRouted) return Response.json({ message: "Not Found" }, { status: 404 });
        const answer = await api("GET", pathname, { headers });
        return new Response(answer.text, { status: answer.status, headers: answer.headers });
      },
    );
    expect(asked[0]).toBe(`/.well-known/oauth-protected-resource${path}`);
    expect(metadata).toEqual({
      resource: "https://api.example.com/mcp",
      resource_name: "Confluence RAG sync",
      authorization_servers: [ISSUER],
      scopes_supported: ["search"],
      bearer_methods_supported: ["header"],
    });
  });

  it("an API that takes no tokens of an issuer names none: 404", async () => {
    const api = await apiWith({});
    const answer = await api("GET", "/.well-known/oauth-protected-resource/mcp", { headers });
    expect([answer.status, answer.body.error.code]).toEqual([404, "route_not_found"]);
  });
});
