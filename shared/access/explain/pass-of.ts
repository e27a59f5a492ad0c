/** An access node: who passes it. */
export type Clause = {
  state: "known" | "open" | "unknown";
  users: string[];
  groups: string[];
  classes: string[];
  /** Null: as old as the source's evidence. */
  verifiedAt: Date | null;
};

/** Who asks: an account with its groups and classes, or nobody with the class of the public. */
export type Principals = { accountId: string | null; groups: readonly string[]; classes: readonly string[] };

/** Whether a clause is passed, and what lets in; `by` of one that is not passed: why. */
export type Pass =
  | { passes: true; by: "open" | "space" | "user" | "group" | "class"; principal: string | null }
  | { passes: false; by: "unknown" | "evidence_too_old" | "not_named"; principal: null };

/**
 * Whether somebody passes one clause. A source that shows what everyone in the space may read asks nobody for the space's own clause, and
 * below it only what is open passes. `oldest`: what was verified before grants nothing.
 */
export function passOf(
  clause: Clause & { contentId: string | null },
  who: Principals | "everyone in the space",
  { verifiedAt, oldest }: { verifiedAt: Date | null; oldest: Date },
): Pass {
  const evidence = clause.verifiedAt ?? verifiedAt;
  if (who === "everyone in the space" && clause.contentId === null) return letIn("space");
  if (evidence === null || evidence < oldest)
    return { passes: false, by: "evidence_too_old", principal: null };
  if (clause.state === "open") return letIn("open");
  if (clause.state === "unknown") return { passes: false, by: "unknown", principal: null };
  if (who === "everyone in the space") return { passes: false, by: "not_named", principal: null };
  if (who.accountId !== null && clause.users.includes(who.accountId)) return letIn("user", who.accountId);
  const group = clause.groups.find((one) => who.groups.includes(one));
  if (group !== undefined) return letIn("group", group);
  const named = clause.classes.find((one) => who.classes.includes(one));
  if (named !== undefined) return letIn("class", named);
  return { passes: false, by: "not_named", principal: null };
}

function letIn(by: "open" | "space" | "user" | "group" | "class", principal: string | null = null): Pass {
  return { passes: true, by, principal };
}
