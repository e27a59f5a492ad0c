/** The order of two states of a page: its version in Confluence, then the revision of the converter and chunker. */
export type PageVersion = { version: number; representationRevision: number };

/** Whether `page` replaces the stored page, by version numbers, never by times. Version 0 is a page that was never stored. */
export function isNewer(page: PageVersion, stored: PageVersion): boolean {
  if (page.version !== stored.version) return page.version > stored.version;
  return page.representationRevision > stored.representationRevision;
}
