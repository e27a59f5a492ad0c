import { z } from "zod";

/** A search waits so long for what Confluence says of its hits. */
export const VERIFY_WITHIN_MS = 2000;

export const verifyRequest = z.object({
  sourceId: z.string(),
  /** Null: the public. */
  accountId: z.string().nullable(),
  /** Pages and blog posts, those asked about first at the front. */
  contentIds: z.array(z.string()).max(1000),
  /** What is left of the time of the search. */
  withinMs: z.int().min(1).max(VERIFY_WITHIN_MS),
});
export type VerifyRequest = z.infer<typeof verifyRequest>;

/** The rest is undecided: Confluence did not say in time. */
export const verdicts = z.object({ permitted: z.array(z.string()), denied: z.array(z.string()) });
export type Verdicts = z.infer<typeof verdicts>;

/** Asks Confluence, within `withinMs`, which contents of a source a person may see. Throws only where it could not run. */
export type HitVerifier = (request: VerifyRequest) => Promise<Verdicts>;
