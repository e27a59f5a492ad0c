import { z } from "zod";
import { HOOK_KINDS } from "#shared/hooks/hooks.ts";
import { instant } from "./fields.ts";

export const hookId = z.uuid();
export const counted = (description: string) => z.int().nonnegative().meta({ description });

/** What tells whether a hook still announces edits. */
export const hookHealth = z
  .object({
    hook_id: hookId,
    kind: z.enum(HOOK_KINDS).meta({
      description:
        "What sends the deliveries: an Automation rule, Confluence's undocumented REST hook, anything else. All dialects are read from each",
    }),
    last_delivery_at: instant.nullable(),
    last_missed_at: instant.nullable(),
    missed_edits: counted("Found by a sync although no delivery had announced them"),
    warnings: z.array(z.object({ code: z.enum(["hook_silent", "deliveries_refused"]), message: z.string() })),
  })
  .meta({ id: "HookHealth" });
