/**
 * How far an incremental listing reaches back before the start of the last sync. Confluence's search index lags the database by
 * seconds, at times by minutes; versions decide what is fetched, so a wide overlap costs listing calls, never bodies.
 */
export const INDEX_LAG_OVERLAP_MS = 30 * 60_000;

/** The time from which an incremental sync lists changes: the last sync's start by Confluence's clock, less the overlap. */
export function changesSince(lastSyncTimestamp: Date): Date {
  return new Date(lastSyncTimestamp.getTime() - INDEX_LAG_OVERLAP_MS);
}
