import { z } from "zod";

/** Kept in the check's checkpoint: its deletions wait for a person, its repairs go on. */
export const heldDeletions = z.object({ candidates: z.number(), pages: z.number(), message: z.string() });
export type HeldDeletions = z.infer<typeof heldDeletions>;
