import type { Rendering } from "./renderings.ts";

/**
 * The order of two states of a page: its version in Confluence, then the revision of the converter and chunker, then which state of
 * other pages its body shows.
 */
export type PageVersion = {
  version: number;
  representationRevision: number;
  rendering?: Rendering | null | undefined;
};

/** Whether `page` replaces the stored page, by version numbers, never by times. Version 0 is a page that was never stored. */
export function isNewer(page: PageVersion, stored: PageVersion): boolean {
  if (page.version !== stored.version) return page.version > stored.version;
  if (page.representationRevision !== stored.representationRevision)
    return page.representationRevision > stored.representationRevision;
  return isLaterRendering(page.rendering, stored.rendering);
}

/** By the changes that were known before each was requested; among equals by Confluence's clock. */
function isLaterRendering(
  rendering: Rendering | null | undefined,
  stored: Rendering | null | undefined,
): boolean {
  if (!rendering) return false;
  if (!stored) return true;
  if (rendering.revision !== stored.revision) return rendering.revision > stored.revision;
  return rendering.at > stored.at;
}
