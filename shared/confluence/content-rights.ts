/** In the place of a principal whose id is not known: it lets nobody in, and the restriction is not empty. */
export const NOBODY = "unknown";

/** Who passes a view restriction: any of them, by account and group ids. Nobody named: there is none. */
export type ViewRestriction = { users: string[]; groups: string[] };

/** Content with its rights, as a search for them finds it. */
export type ContentRights = {
  id: string;
  /** Confluence's own word: `page`, `blogpost`, … */
  type: string;
  spaceKey: string | null;
  /** From the top of the space; `type` as Confluence says it. Null: the response does not contain them. */
  ancestors: { id: string; type: string }[] | null;
  /** Its own; null: the response does not contain it whole, so it must be read by `viewRestriction`. */
  restriction: ViewRestriction | null;
};

/** Who may read a space. Unknown roles and classes are not in it. */
export type SpaceReaders = {
  users: string[];
  groups: string[];
  /** `anonymous`: everybody; `all-licensed`: the site's licensed accounts. */
  classes: ("anonymous" | "all-licensed")[];
  /** Confluence's words for what was not understood and so lets nobody in. */
  unknown: string[];
};

/** A role that spaces assign. `permissions` null: it does not say what it permits, and grants nothing. */
export type SpaceRole = { id: string | null; permissions: string[] | null };

/** An account as the directory knows it. */
export type DirectoryAccount = {
  accountId: string;
  /** Null: hidden by its owner. */
  email: string | null;
  isActive: boolean;
  isGuest: boolean;
};

/** For whom `isPermitted` asks. */
export type RightsSubject = { type: "user" | "group"; id: string } | { type: "anonymous" };
