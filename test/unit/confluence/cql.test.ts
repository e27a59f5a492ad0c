import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  allCommentsCql,
  allContainersCql,
  allFilesCql,
  allPagesCql,
  allRightsCql,
  changedOnSiteCql,
  changedPagesCql,
  commentsByIdCql,
  commentsOnCql,
  contentByIdCql,
  contentInSpacesCql,
  filesOnCql,
  labelledPagesCql,
  siteContainersCql,
} from "#shared/confluence/cql.ts";
import { propertyRuns } from "#test/support/depth.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const zones = Intl.supportedValuesOf("timeZone");

const literalOf = (since: Date, zone: string | null) =>
  /lastModified >= "([^"]+)"/.exec(changedPagesCql("DEMO", since, zone))?.[1] ?? "";

/** Every instant, minute by minute around it, at which clocks in the zone show the literal: found by trying, not by offsets. */
function readings(literal: string, zone: string): number[] {
  const formatter = new Intl.DateTimeFormat("sv-SE", {
    timeZone: zone,
    dateStyle: "short",
    timeStyle: "short",
  });
  const wall = Date.parse(`${literal.replace(" ", "T")}Z`);
  const found = [];
  for (let quarter = -60; quarter <= 60; quarter += 1) {
    const instant = wall + quarter * 15 * MINUTE;
    if (formatter.format(instant) === literal) found.push(instant);
  }
  return found;
}

describe("queries", () => {
  const SINCE = new Date("2026-07-01T10:05:59Z");

  it.each([
    [
      'space = "A" and type in (page, blogpost, comment, folder) and lastModified >= "2026-07-01 10:05" order by lastmodified desc',
      () => changedPagesCql("A", SINCE, "UTC", ["page", "blogpost", "comments", "folder"]),
    ],
    [
      'type = page and lastModified >= "2026-07-01 10:05" order by lastmodified desc',
      () => changedOnSiteCql(SINCE, "UTC"),
    ],
    [
      'type in (comment, attachment) and lastModified >= "2026-07-01 10:05" order by lastmodified desc',
      () => changedOnSiteCql(SINCE, "UTC", ["comments", "attachment"]),
    ],
    ['space = "A" and type in (page, blogpost)', () => allPagesCql("A", ["page", "blogpost"])],
    ['space in ("A", "B") and type = page', () => contentInSpacesCql(["A", "B"], ["page"])],
    [
      String.raw`space in ("\"") and type in (page, comment)`,
      () => contentInSpacesCql(['"'], ["page", "comments"]),
    ],
    ['space = "A" and type in (folder, whiteboard, database, embed)', () => allContainersCql("A")],
    ["type in (folder, whiteboard, database, embed)", () => siteContainersCql()],
    ['space = "A" and type = comment order by created asc', () => allCommentsCql("A")],
    ['space = "A" and type = attachment order by created asc', () => allFilesCql("A")],
    [
      'space = "A" and type in (page, blogpost) order by created asc',
      () => allRightsCql("A", ["page", "blogpost"]),
    ],
    [
      'space = "A" and type = blogpost and id in (1, 2) order by created asc',
      () => contentByIdCql("A", { kinds: ["blogpost"], ids: ["1", "2"] }),
    ],
    ["type = comment and id in (1, 2) order by created asc", () => commentsByIdCql(["1", "2"])],
    ["type = comment and container in (1, 2) order by created asc", () => commentsOnCql(["1", "2"])],
    ["type = attachment and container in (1, 2) order by created asc", () => filesOnCql(["1", "2"])],
    [
      String.raw`space = "A" and type = page and label in ("x", "y\"")`,
      () => labelledPagesCql("A", ["x", 'y"']),
    ],
    [
      'space = "A" and type in (page, attachment) and label in ("x")',
      () => labelledPagesCql("A", ["x"], ["page", "attachment"]),
    ],
  ])("are what Confluence's description of CQL asks for: %s", (expected, query) => {
    expect(query()).toBe(expected);
  });
});

describe("the query for changed pages", () => {
  it("the query for changed pages is the specification's, in the account's zone", () => {
    expect(changedPagesCql("DEMO", new Date("2026-07-01T10:05:59Z"), "Europe/Berlin")).toBe(
      'space = "DEMO" and type = page and lastModified >= "2026-07-01 12:05" order by lastmodified desc',
    );
  });

  it("the query for all pages has no time", () => {
    expect(allPagesCql("DEMO")).toBe('space = "DEMO" and type = page');
  });

  it("the query for changed pages escapes backslashes, then quotes", () => {
    expect(changedPagesCql(String.raw`~a\"b`, new Date(0), "UTC")).toContain(
      String.raw`space = "~a\\\"b" and`,
    );
  });

  it.each([null, "Mars/Olympus", ""])(
    "the query for changed pages goes 26 hours back in UTC when the zone is %j",
    (zone) => {
      expect(literalOf(new Date("2026-07-02T10:05:30Z"), zone)).toBe("2026-07-01 08:05");
    },
  );

  it("the query for changed pages starts before the hour that is repeated, in its first round", () => {
    // Clocks go back from 03:00 to 02:00 at 01:00 UTC; 02:30 comes at 00:30 UTC and again at 01:30 UTC.
    expect(literalOf(new Date("2026-10-25T00:30:00Z"), "Europe/Berlin")).toBe("2026-10-25 01:45");
    expect(literalOf(new Date("2026-10-25T01:30:00Z"), "Europe/Berlin")).toBe("2026-10-25 02:30");
  });

  it.each([
    ["Australia/Lord_Howe", "2026-04-04T14:45:00Z"],
    ["Antarctica/Troll", "2026-10-25T00:10:00Z"],
    ["America/St_Johns", "2026-11-01T03:40:00Z"],
    ["Pacific/Apia", "2011-12-30T09:59:00Z"],
    ["Africa/Casablanca", "2026-02-15T01:30:00Z"],
    ["Asia/Pyongyang", "2015-08-14T14:45:00Z"],
  ])("the query for changed pages never means a later instant in %s", (zone, at) => {
    const since = Date.parse(at);
    const read = readings(literalOf(new Date(at), zone), zone);
    expect(read.length).toBeGreaterThan(0);
    expect(Math.max(...read)).toBeLessThanOrEqual(since);
    expect(Math.min(...read)).toBeGreaterThan(since - 3 * HOUR);
  });

  it("the query for changed pages never means a later instant, nor one over three hours before, in any zone at any time", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.date({ min: new Date("2005-01-01"), max: new Date("2037-01-01"), noInvalidDate: true }),
        (zone, since) => {
          const read = readings(literalOf(since, zone), zone);
          expect(read.length).toBeGreaterThan(0);
          expect(Math.max(...read)).toBeLessThanOrEqual(since.getTime());
          expect(Math.min(...read)).toBeGreaterThan(since.getTime() - 3 * HOUR);
        },
      ),
      { numRuns: propertyRuns(1500) },
    );
  });

  it("the query for changed pages never means a later instant around each change of clocks of 2026, in any zone", () => {
    const tried = new Set<string>();
    for (const zone of zones) {
      const changes = changesOf2026(zone);
      const kind = `${changes.join()} ${literalOf(new Date("2026-06-01T12:00:00Z"), zone)}`;
      if (tried.has(kind)) continue;
      tried.add(kind);
      for (const change of changes) {
        for (let minutes = -150; minutes <= 150; minutes += 15) {
          const since = change + minutes * MINUTE;
          const read = readings(literalOf(new Date(since), zone), zone);
          expect(Math.max(...read), `${zone} ${new Date(since).toISOString()}`).toBeLessThanOrEqual(since);
          expect(Math.min(...read)).toBeGreaterThan(since - 3 * HOUR);
        }
      }
    }
  });

  it("the query for changed pages without a zone never means a later instant, whatever the zone is", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.date({ min: new Date("2005-01-01"), max: new Date("2037-01-01"), noInvalidDate: true }),
        (zone, since) => {
          const read = readings(literalOf(since, null), zone);
          for (const instant of read) expect(instant).toBeLessThan(since.getTime() - 11 * HOUR);
        },
      ),
      { numRuns: propertyRuns(300) },
    );
  });
});

/** Instants at which the zone's offset changes, to a quarter of an hour. */
function changesOf2026(zone: string): number[] {
  const formatter = new Intl.DateTimeFormat("sv-SE", {
    timeZone: zone,
    dateStyle: "short",
    timeStyle: "short",
  });
  const offset = (instant: number) => Date.parse(`${formatter.format(instant).replace(" ", "T")}Z`) - instant;
  const changes: number[] = [];
  const end = Date.UTC(2027, 0, 1);
  const week = 7 * 24 * HOUR;
  for (let from = Date.UTC(2026, 0, 1); from < end; from += week) {
    if (offset(from) === offset(from + week)) continue;
    for (let at = from; at < from + week; at += 15 * MINUTE) {
      if (offset(at) !== offset(at + 15 * MINUTE)) changes.push(at + 15 * MINUTE);
    }
  }
  return changes;
}
