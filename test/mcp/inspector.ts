import assert from "node:assert/strict";
import { z } from "zod";
import { runPackage } from "./run-package.ts";

const INSPECTOR = "@modelcontextprotocol/inspector@2.12.0";

const listed = z.object({ tools: z.array(z.object({ name: z.string(), outputSchema: z.unknown() })) });
const called = z.object({ content: z.array(z.object({ text: z.string() })), structuredContent: z.unknown() });

/** Calls of a profile's tools, each with what its text must contain. */
export type Calls = Record<string, { arguments: Record<string, unknown>; contains: string }>;

/** Lists and calls through the Inspector's command line, which exits with an error for schemas that some client refuses. */
export function inspectorChecks(url: string, calls: Calls): { name: string; holds: () => Promise<void> }[] {
  const { pathname } = new URL(url);
  const inspect = async (args: readonly string[]): Promise<unknown> => {
    const target = ["--cli", url, "--transport", "http"];
    return JSON.parse(await runPackage(INSPECTOR, "mcp-inspector", [...target, ...args]));
  };
  return [
    {
      name: `Inspector lists the tools of ${pathname}, and finds no fault in their schemas`,
      holds: async () => {
        const { tools } = listed.parse(await inspect(["--method", "tools/list", "--strict"]));
        assert.deepEqual(tools.map(({ name }) => name).toSorted(), Object.keys(calls).toSorted());
      },
    },
    ...Object.entries(calls).map(([name, call]) => ({
      name: `Inspector calls ${name} of ${pathname}`,
      holds: async () => {
        const json = JSON.stringify(call.arguments);
        const args = ["--method", "tools/call", "--tool-name", name, "--tool-args-json", json];
        const { content, structuredContent } = called.parse(await inspect(args));
        assert.ok(structuredContent, "no structured content");
        assert.ok(
          content.some(({ text }) => text.includes(call.contains)),
          `${call.contains} not found`,
        );
      },
    })),
  ];
}
