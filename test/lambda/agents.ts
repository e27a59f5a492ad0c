import assert from "node:assert/strict";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import type { Check } from "./check.ts";

const ERAS = { legacy: {}, modern: { versionNegotiation: { mode: { pin: "2026-07-28" } } } } as const;

/** What agents call, by the official client of each era of the protocol. */
export async function checkAgents(
  service: { url: string; ask: (expected: number, path: string) => Promise<unknown> },
  check: Check,
): Promise<void> {
  for (const [era, options] of Object.entries(ERAS)) {
    await check(`an agent of the ${era} era searches, and reads what it found`, async () => {
      const client = new Client({ name: "test", version: "1.0.0" }, options);
      await client.connect(new StreamableHTTPClientTransport(new URL("/mcp", service.url)));
      assert.equal(client.getProtocolEra(), era);
      const call = async (name: string, args: Record<string, unknown>) => {
        const { structuredContent, content, isError } = await client.callTool({ name, arguments: args });
        assert.ok(!isError, JSON.stringify(content));
        return JSON.stringify(structuredContent);
      };
      const found = await call("search_confluence", {
        query: "Which page chose marker7 for good?",
        limit: 1,
      });
      assert.match(found, /"title":"Topic 7"/);
      const [, url = ""] = /"url":"([^"]+)"/.exec(found) ?? [];
      assert.match(await call("read_confluence_page", { page: url }), /marker7/);
      assert.match(await call("list_confluence_spaces", {}), /"last_synced_at":"20/);
      await client.close();
    });
  }
  await check("without an issuer no token is named", () =>
    service.ask(404, "/.well-known/oauth-protected-resource/mcp"),
  );
}
