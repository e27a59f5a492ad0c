/** Whom an access node lets pass, of those who pass what is above it. `open`: all of them; `unknown`: nobody. */
export type Principals = {
  state: "known" | "open" | "unknown";
  users: string[];
  groups: string[];
  classes: string[];
};

/** What a node waits for until its sweep is complete; `gone`: there is no restriction any more. */
export type Pending = Principals | { gone: true };

export const NOBODY_PASSES: Principals = { state: "unknown", users: [], groups: [], classes: [] };

/** The principals of a restriction, or of a space's readers. */
export function knownPrincipals(read: {
  users: readonly string[];
  groups: readonly string[];
  classes?: readonly string[];
}): Principals {
  const { users, groups, classes = [] } = read;
  return { state: "known", users: [...users], groups: [...groups], classes: [...classes] };
}

/**
 * What of a new reading counts at once, and what only when its sweep is complete: whoever was not let in before, or is not any more,
 * does not pass.
 */
export function narrowed(
  current: Principals,
  read: Principals,
): { now: Principals; pending: Principals | null } {
  if (read.state === "unknown" || current.state === "unknown")
    return { now: NOBODY_PASSES, pending: read.state === "unknown" ? null : read };
  if (current.state === "open") return { now: read, pending: null };
  if (read.state === "open") return { now: current, pending: read };
  const now: Principals = {
    state: "known",
    users: both(current.users, read.users),
    groups: both(current.groups, read.groups),
    classes: both(current.classes, read.classes),
  };
  return { now, pending: isEqual(now, read) ? null : read };
}

export function isEqual(one: Principals, other: Principals): boolean {
  return (
    one.state === other.state &&
    isSameSet(one.users, other.users) &&
    isSameSet(one.groups, other.groups) &&
    isSameSet(one.classes, other.classes)
  );
}

function both(one: readonly string[], other: readonly string[]): string[] {
  const ids = new Set(other);
  return one.filter((id) => ids.has(id));
}

function isSameSet(one: readonly string[], other: readonly string[]): boolean {
  const ids = new Set(other);
  return ids.size === new Set(one).size && one.every((id) => ids.has(id));
}
