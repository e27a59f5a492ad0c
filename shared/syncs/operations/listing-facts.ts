import type postgres from "postgres";
import type { Sql } from "#shared/db/connect.ts";
import type { HeldDeletions } from "./held-deletions.ts";

/** What a listing learns for the operation's end and for its percentage; a step saves what it changes. */
export type ListingFacts = {
  /** When the operation's work began by Confluence's clock: the next watermark, or the time of the check. */
  confluenceStartedAt: Date | null;
  /** Time zone of the account, in which Confluence reads the times of a CQL query. */
  timeZone: string | null;
  /** Fewer pages were listed than Confluence counted. */
  listingIncomplete: boolean;
  /** Set when the deletions need a person's approval: the operation ends as `held`. */
  heldDeletions: HeldDeletions | null;
  /** More pages are gone than single announcements may delete: a deletion check decides. */
  checkFollows: boolean;
  /** The kinds of content that it listed completely. */
  listedKinds: string[];
  /** Pages that Confluence counted, or that are stored, when the listing began; 0 while unknown. */
  pagesExpected: number;
  /** The percentage that the operation has reached. */
  percentFloor: number;
};

/** Selects `ListingFacts` from `p`, a row of archon_progress. */
export function listingFactColumns(sql: Sql): postgres.Fragment {
  return sql`p.confluence_started_at as "confluenceStartedAt", p.time_zone as "timeZone",
    p.listing_incomplete as "listingIncomplete", p.held_deletions as "heldDeletions", p.check_follows as "checkFollows", p.listed_kinds as "listedKinds",
    p.pages_expected as "pagesExpected", p.percent_floor as "percentFloor"`;
}

/** Assigns `ListingFacts` to a row of archon_progress. */
export function assignListingFacts(sql: Sql, facts: ListingFacts): postgres.Fragment {
  return sql`confluence_started_at = ${facts.confluenceStartedAt}, time_zone = ${facts.timeZone},
    listing_incomplete = ${facts.listingIncomplete}, held_deletions = ${facts.heldDeletions && sql.json(facts.heldDeletions)},
    check_follows = ${facts.checkFollows}, listed_kinds = ${facts.listedKinds},
    pages_expected = ${facts.pagesExpected}, percent_floor = ${facts.percentFloor}`;
}
