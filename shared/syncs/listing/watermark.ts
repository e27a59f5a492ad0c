/**
 * How far back an incremental listing looks beyond the start of the last sync. Confluence's search index trails the database
 * by seconds, at times by minutes; versions decide what is fetched, so a wide overlap costs listing, never bodies.
 */
export const INDEX_LAG_OVERLAP_MS = 30 * 60_000;

/** From when on an incremental sync lists changes: the last sync's start by Confluence's clock, less the overlap. */
export function changesSince(lastSyncTimestamp: Date): Date {
  return new Date(lastSyncTimestamp.getTime() - INDEX_LAG_OVERLAP_MS);
}
