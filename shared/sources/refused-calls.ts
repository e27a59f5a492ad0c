import { z } from "zod";
import type { Sql } from "#shared/db/connect.ts";

/** What a sync asks Confluence for beside content, and continues without. */
export const OPTIONAL_CALLS = ["labels", "names", "rendered", "folders", "comments", "files"] as const;
export type OptionalCall = (typeof OPTIONAL_CALLS)[number];

/** Why such a call fails; `call` and `scope` are set where the token lacks a scope. */
export const refusal = z.object({
  code: z.string(),
  message: z.string(),
  call: z.string().nullable(),
  scope: z.string().nullable(),
  since: z.string(),
});
export type Refusal = z.infer<typeof refusal>;

/** `archon_sources.refused_calls`: calls that failed when they were last made. */
export const refusedCalls = z.partialRecord(z.enum(OPTIONAL_CALLS), refusal);
export type RefusedCalls = z.infer<typeof refusedCalls>;

/** Records that a call is refused. False when that was already recorded. */
export async function noteRefused(
  sql: Sql,
  sourceId: string,
  call: OptionalCall,
  reason: Refusal,
): Promise<boolean> {
  const rows = await sql`
    update archon_sources set refused_calls = refused_calls || ${sql.json({ [call]: reason })}
    where source_id = ${sourceId} and refused_calls -> ${call} ->> 'code' is distinct from ${reason.code}
    returning source_id`;
  return rows.length > 0;
}

/** Records that the call succeeded again. */
export async function forgetRefused(sql: Sql, sourceId: string, call: OptionalCall): Promise<void> {
  await sql`
    update archon_sources set refused_calls = refused_calls - ${call}::text
    where source_id = ${sourceId} and refused_calls ? ${call}`;
}
