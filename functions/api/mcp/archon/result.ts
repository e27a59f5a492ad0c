import { z } from "zod";
import { UserError } from "#shared/errors.ts";
import { remedyOf, type ToolLog, type ToolResult } from "#functions/api/mcp/tool.ts";

/** What clients of Archon read first in any result. */
export const outcome = {
  success: z.boolean().describe("False when `error` says why nothing is returned"),
  error: z.string().nullable().describe("What is wrong and what to send instead; null on success"),
};

/** Beside the fields that Archon has. */
export const warnings = z.array(z.string()).describe("What the results may lack, and why");

/**
 * A result in Archon's shape: JSON, as text too. What the caller can fix is a result with `success` false, which Archon's prompts handle,
 * instead of an error of the protocol. `work` says in `log` for whom it read and how much.
 */
export async function archonResult<Output extends { success: boolean; error: string | null }>(
  empty: Omit<Output, "success" | "error">,
  work: () => Promise<{ result: Omit<Output, "success" | "error">; log: ToolLog }>,
): Promise<ToolResult<Output>> {
  const { structured, log } = await work().then(
    ({ result, log: ofWork }) => ({ structured: { success: true, ...result, error: null }, log: ofWork }),
    (error: unknown) => {
      if (!(error instanceof UserError) || error.status >= 500) throw error;
      return {
        structured: { success: false, ...empty, error: remedyOf(error) },
        log: { code: error.code },
      };
    },
  );
  return {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- put together from its parts
    structured: structured as unknown as Output,
    text: JSON.stringify(structured),
    log,
  };
}
