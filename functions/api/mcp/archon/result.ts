import { z } from "zod";
import { UserError } from "#shared/errors.ts";
import { remedyOf, type ToolResult } from "#functions/api/mcp/tool.ts";

/** What clients of Archon read first in any result. */
export const outcome = {
  success: z.boolean().describe("False when `error` says why nothing is returned"),
  error: z.string().nullable().describe("What is wrong and what to send instead; null on success"),
};

/**
 * A result in Archon's shape: JSON, as text too. What the caller can fix is a result with `success` false, which Archon's prompts handle,
 * instead of an error of the protocol.
 */
export async function archonResult<Output extends { success: boolean; error: string | null }>(
  empty: Omit<Output, "success" | "error">,
  work: () => Promise<Omit<Output, "success" | "error">>,
): Promise<ToolResult<Output>> {
  const structured = await work().then(
    (result) => ({ success: true, ...result, error: null }),
    (error: unknown) => {
      if (!(error instanceof UserError) || error.status >= 500) throw error;
      return { success: false, ...empty, error: remedyOf(error) };
    },
  );
  const lists = Object.values<unknown>(structured).filter(Array.isArray);
  const results = lists[0]?.length;
  return {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- put together from its parts
    structured: structured as unknown as Output,
    text: JSON.stringify(structured),
    ...(results === undefined ? {} : { log: { results } }),
  };
}
