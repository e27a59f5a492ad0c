/** What is known of a person: the account itself, or what names it. */
export type PersonClaim = { accountId: string } | { email: string } | { subject: string };

/**
 * For whom something is read. `all`: whoever may see everything; `anonymous`: the public; `own`: a person, by the first claim that
 * names an account, or nobody in particular (`person` null).
 */
export type Reader =
  | { visibility: "all" }
  | { visibility: "anonymous" }
  | { visibility: "own"; person: PersonClaim[] | null };

/**
 * How what was shown was chosen. `unfiltered`: the sources show everything to whoever searches; `unrestricted`: sources also show
 * only what has no restrictions; `per_user`: as the person may see it; `anonymous`: as the public may; `all`: everything was asked for.
 */
export const PERMISSION_MODES = ["unfiltered", "unrestricted", "per_user", "anonymous", "all"] as const;
export type PermissionMode = (typeof PERMISSION_MODES)[number];

export type Permissions = {
  mode: PermissionMode;
  /** The Confluence account that sources were shown to; null where none mattered. */
  accountId: string | null;
  /** When the oldest of what was relied on was read from Confluence; null where nothing was. */
  oldestEvidence: Date | null;
  /** Sources that show nothing, because what is known of their permissions is missing or too old. */
  withheldSources: string[];
};
