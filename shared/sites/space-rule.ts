import { z } from "zod";
import type { ListedSpace } from "#shared/confluence/client.ts";
import { matchesPattern } from "./space-pattern.ts";

/** Of a rule's `include`, and of its `exclude`. */
export const MAX_PATTERNS = 2000;

/** A space key, or a pattern in which `*` stands for any characters. */
const pattern = z.string().regex(/^[A-Za-z0-9._~*-]{1,255}$/, "is not a space key or pattern");

/**
 * Which spaces of a site become sources. `include` names keys or patterns; a personal or archived space needs `personal` or
 * `archived` too, unless its key itself is included. `exclude` wins.
 */
export const spaceRule = z.strictObject({
  include: z.array(pattern).max(MAX_PATTERNS).default(["*"]),
  exclude: z.array(pattern).max(MAX_PATTERNS).default([]),
  personal: z.boolean().default(false),
  archived: z.boolean().default(false),
});
export type SpaceRule = z.infer<typeof spaceRule>;

/** Whether the rule includes the space. */
export function fitsRule(rule: SpaceRule, space: Pick<ListedSpace, "key" | "type" | "status">): boolean {
  const key = space.key.toLowerCase();
  const names = (patterns: readonly string[]) => patterns.some((one) => matchesPattern(one, key));
  if (names(rule.exclude)) return false;
  if (rule.include.some((one) => one.toLowerCase() === key)) return true;
  if (space.type === "personal" && !rule.personal) return false;
  if (space.status === "archived" && !rule.archived) return false;
  return names(rule.include);
}
