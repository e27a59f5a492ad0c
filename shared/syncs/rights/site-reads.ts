import type { ConfluenceClient, ConfluenceUser } from "#shared/confluence/client.ts";
import type { SpaceRole } from "#shared/confluence/content-rights.ts";
import { siteContainersCql } from "#shared/confluence/cql.ts";
import { PermanentError } from "#shared/errors.ts";
import type { Source } from "#shared/sources/sources.ts";

type Read = {
  account?: Promise<ConfluenceUser>;
  roles?: Promise<SpaceRole[] | null>;
  containers?: Promise<number | null>;
};

/**
 * What is the same for all spaces of a site and account: read once for all that ask, and as old as the first of them, which is some
 * 30 s at most, as long as an invocation begins to sweep.
 */
export type SiteReads = {
  account: (client: ConfluenceClient, source: Source) => Promise<ConfluenceUser>;
  roles: (client: ConfluenceClient, source: Source) => Promise<SpaceRole[] | null>;
  /** How many folders and the like all spaces have; null: Confluence does not count them. */
  containers: (client: ConfluenceClient, source: Source) => Promise<number | null>;
};

/**
 * Nothing that was read before this call is returned: whoever must know what holds now calls it again. What fails, and might not a second
 * time, is read again by the next that asks, unless failures are `kept`: a site that does not answer is asked once.
 */
export function readSitesOnce(failures: "read again" | "kept" = "read again"): SiteReads {
  const sites = new Map<string, Read>();
  const once = <K extends keyof Read>(what: K, source: Source, read: () => NonNullable<Read[K]>) => {
    const key = JSON.stringify([source.siteId ?? source.sourceId, source.encryptedToken]);
    const known = sites.get(key) ?? {};
    sites.set(key, known);
    const present = known[what];
    if (present) return present;
    const begun = read();
    known[what] = begun;
    begun.catch((error: unknown) => {
      if (failures === "read again" && !(error instanceof PermanentError)) delete known[what];
    });
    return begun;
  };
  return {
    account: (client, source) => once("account", source, () => client.currentUser()),
    roles: (client, source) => once("roles", source, () => client.spaceRoles()),
    containers: (client, source) => once("containers", source, () => client.countPages(siteContainersCql())),
  };
}
