import type { ConfluenceClient, ConfluenceUser } from "#shared/confluence/client.ts";
import type { SpaceRole } from "#shared/confluence/content-rights.ts";
import { siteContainersCql } from "#shared/confluence/cql.ts";
import type { Source } from "#shared/sources/sources.ts";

type Read = {
  account?: Promise<ConfluenceUser>;
  roles?: Promise<SpaceRole[] | null>;
  containers?: Promise<number | null>;
};

/**
 * What is the same for all spaces of a site and account: read once for all that ask within a pass over the sources, which ends within a
 * minute. What failed is read again by the next that asks. Whoever must know what holds now begins another pass.
 */
export type SiteReads = {
  account: (client: ConfluenceClient, source: Source) => Promise<ConfluenceUser>;
  roles: (client: ConfluenceClient, source: Source) => Promise<SpaceRole[] | null>;
  /** How many folders and the like all spaces have; null: Confluence does not count them. */
  containers: (client: ConfluenceClient, source: Source) => Promise<number | null>;
};

/** Begins a pass. */
export function readSitesOnce(): SiteReads {
  const sites = new Map<string, Read>();
  const once = <K extends keyof Read>(what: K, source: Source, read: () => NonNullable<Read[K]>) => {
    const key = JSON.stringify([source.siteId ?? source.sourceId, source.encryptedToken]);
    const known = sites.get(key) ?? {};
    sites.set(key, known);
    const present = known[what];
    if (present) return present;
    const begun = read();
    known[what] = begun;
    begun.catch(() => delete known[what]);
    return begun;
  };
  return {
    account: (client, source) => once("account", source, () => client.currentUser()),
    roles: (client, source) => once("roles", source, () => client.spaceRoles()),
    containers: (client, source) => once("containers", source, () => client.countPages(siteContainersCql())),
  };
}
