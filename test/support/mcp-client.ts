import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import type { ApiCall, ApiClient } from "./api-client.ts";

/** The two eras of the protocol: revisions that begin with `initialize`, and those since 2026-07-28. */
export const ERAS = ["legacy", "modern"] as const;
export type Era = (typeof ERAS)[number];

/** The official client, not connected yet. */
export function mcpClient(era: Era): Client {
  return new Client(
    { name: "test", version: "1.0.0" },
    era === "legacy" ? {} : { versionNegotiation: { mode: { pin: "2026-07-28" } } },
  );
}

/** The official client, connected to this path of the API; `call` says who it is. Close it. */
export async function connectMcp(
  api: ApiClient,
  { era = "modern", path = "/mcp", call = {} }: { era?: Era; path?: string; call?: ApiCall } = {},
): Promise<Client> {
  const client = mcpClient(era);
  const transport = new StreamableHTTPClientTransport(new URL(`https://api.example.com${path}`), {
    fetch: async (_url, init) => {
      const headers = Object.fromEntries(new Headers(init?.headers));
      const method = init?.method ?? "GET";
      const body = typeof init?.body === "string" ? { rawBody: init.body } : {};
      const answer = await api(method, path, { ...call, headers, ...body });
      const empty = answer.status === 202 || answer.text === "";
      return new Response(empty ? null : answer.text, { status: answer.status, headers: answer.headers });
    },
  });
  await client.connect(transport);
  return client;
}

/** A tool's result as models get it; `structured` is undefined when it is an error. */
export async function callTool(client: Client, name: string, args: Record<string, unknown>) {
  const { content, structuredContent, isError } = await client.callTool({ name, arguments: args });
  const [first] = content;
  if (content.length !== 1 || first?.type !== "text")
    throw new Error(`${name} returned ${content.length} parts`);
  return {
    text: first.text,
    // oxlint-disable-next-line typescript/no-explicit-any -- what a test asserts is its type
    structured: structuredContent as any,
    isError: isError === true,
  };
}
