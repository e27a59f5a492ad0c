import type { ContentKind, PageKind } from "#shared/content-kinds.ts";
import { FOLDER_KINDS } from "./client.ts";

const MINUTE_MS = 60_000;

/** How far back the literal goes when the account's zone is unknown: further than any two zones are apart from UTC. */
const UNKNOWN_ZONE_MS = 26 * 60 * MINUTE_MS;

/** Step back out of an hour that clocks repeat; transitions are at quarters of an hour. */
const STEP_MS = 15 * MINUTE_MS;

/** What a query can ask for: folders have no content, and no listing of their own. */
export type SearchedKind = ContentKind | "folder";

/**
 * The query for pages of a space changed since an instant: the specification's literal, to the minute, written in the
 * account's own zone, because Confluence reads it there (developer.atlassian.com/cloud/confluence/cql-fields). Where the
 * zone is null or unknown, the literal is UTC, 26 h earlier. However Confluence reads it, it never means a later instant.
 * Newest first: a page that is edited while the listing is paged moves to the front, so that none behind it is skipped; its
 * own edit is listed by the next sync, whose watermark is before it.
 */
export function changedPagesCql(
  spaceKey: string,
  since: Date,
  timeZone: string | null,
  kinds: readonly SearchedKind[] = ["page"],
): string {
  return `space = ${quoted(spaceKey)} and ${changedOnSiteCql(since, timeZone, kinds)}`;
}

/** As `changedPagesCql`, for all spaces that the account sees. */
export function changedOnSiteCql(
  since: Date,
  timeZone: string | null,
  kinds: readonly SearchedKind[] = ["page"],
): string {
  const literal = dateTimeLiteral(since, timeZone);
  return `${typeIs(kinds)} and lastModified >= "${literal}" order by lastmodified desc`;
}

/** The query for all content of these kinds in a space, for counting it. */
export function allPagesCql(spaceKey: string, kinds: readonly ContentKind[] = ["page"]): string {
  return `space = ${quoted(spaceKey)} and ${typeIs(kinds)}`;
}

/** The query for all content of these kinds in any of these spaces, for counting it. */
export function contentInSpacesCql(spaceKeys: readonly string[], kinds: readonly ContentKind[]): string {
  return `space in (${spaceKeys.map(quoted).join(", ")}) and ${typeIs(kinds)}`;
}

/** The query for all folders and the like of a space. */
export function allContainersCql(spaceKey: string): string {
  return `space = ${quoted(spaceKey)} and ${siteContainersCql()}`;
}

/** As `allContainersCql`, for all spaces that the account sees. */
export function siteContainersCql(): string {
  return `type in (${FOLDER_KINDS.join(", ")})`;
}

/** The query for all comments of a space. In the order in which they were made: a new one moves none that was not read yet. */
export function allCommentsCql(spaceKey: string): string {
  return `${allPagesCql(spaceKey, ["comments"])} order by created asc`;
}

/** The query for all files of a space, in the order in which they were made. */
export function allFilesCql(spaceKey: string): string {
  return `${allPagesCql(spaceKey, ["attachment"])} order by created asc`;
}

/** The query for all content of these kinds in a space, in the order in which it was made. */
export function allRightsCql(spaceKey: string, kinds: readonly PageKind[]): string {
  return `${allPagesCql(spaceKey, kinds)} order by created asc`;
}

/** The query for this content of a space. `ids`: Confluence's, of digits. */
export function contentByIdCql(
  spaceKey: string,
  { kinds, ids }: { kinds: readonly PageKind[]; ids: readonly string[] },
): string {
  return `${allPagesCql(spaceKey, kinds)} and id in (${ids.join(", ")}) order by created asc`;
}

/** The query for these comments. `ids`: Confluence's, of digits. */
export function commentsByIdCql(ids: readonly string[]): string {
  return `type = comment and id in (${ids.join(", ")}) order by created asc`;
}

/** The query for all comments on these pages and blog posts. `ids`: Confluence's, of digits. */
export function commentsOnCql(ids: readonly string[]): string {
  return `type = comment and container in (${ids.join(", ")}) order by created asc`;
}

/** The query for all files on these pages and blog posts. `ids`: Confluence's, of digits. */
export function filesOnCql(ids: readonly string[]): string {
  return `type = attachment and container in (${ids.join(", ")}) order by created asc`;
}

/** The query for the pages of a space that have at least one of these labels. */
export function labelledPagesCql(
  spaceKey: string,
  labels: readonly string[],
  kinds: readonly ContentKind[] = ["page"],
): string {
  return `space = ${quoted(spaceKey)} and ${typeIs(kinds)} and label in (${labels.map(quoted).join(", ")})`;
}

/** One kind is written as the specification writes it. */
function typeIs(kinds: readonly SearchedKind[]): string {
  const types = kinds.map((kind) => (kind === "comments" ? "comment" : kind));
  return types.length === 1 ? `type = ${types[0]}` : `type in (${types.join(", ")})`;
}

/** A CQL string: backslashes first, then quotes. */
function quoted(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

function dateTimeLiteral(since: Date, timeZone: string | null): string {
  const zone = timeZone === null ? null : wallClock(timeZone);
  if (!zone) return format(since.getTime() - UNKNOWN_ZONE_MS);
  let instant = since.getTime();
  while (latestReading(zone, zone(instant)) > since.getTime()) instant -= STEP_MS;
  return format(zone(instant));
}

/** Wall time at an instant, to the minute, as the milliseconds that UTC would have at that reading. */
type WallClock = (instant: number) => number;

/** The last instant at which clocks in the zone show this wall time: two hold when clocks go back. */
function latestReading(zone: WallClock, wall: number): number {
  // A day on either side is beyond one transition; offsets of all zones are within 15 h of UTC.
  const offsets = [-26, 0, 26].map((hours) => {
    const instant = wall + hours * 60 * MINUTE_MS;
    return zone(instant) - instant;
  });
  const readings = offsets.map((offset) => wall - offset).filter((instant) => zone(instant) === wall);
  return Math.max(...readings);
}

function wallClock(timeZone: string): WallClock | null {
  let formatter: Intl.DateTimeFormat;
  try {
    formatter = new Intl.DateTimeFormat("en-US-u-ca-gregory-nu-latn", {
      timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
    });
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
  return (instant) => {
    const parts = Object.fromEntries(
      formatter.formatToParts(instant).map(({ type, value }) => [type, Number(value)]),
    );
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = parts;
    return Date.UTC(year, month - 1, day, hour, minute);
  };
}

function format(wall: number): string {
  return new Date(wall).toISOString().slice(0, 16).replace("T", " ");
}
