import type { ConfluenceClient } from "#shared/confluence/client.ts";
import type { ContentRights, RightsSubject, SpaceReaders } from "#shared/confluence/content-rights.ts";
import { PermanentError } from "#shared/errors.ts";

/** Content as the client tells of it. */
export type ToldContent = {
  type: string;
  parentId: string | null;
  users: string[];
  groups: string[];
  /** Its list of principals comes cut. */
  isCut?: boolean;
  /** What reading its restriction by itself throws. */
  failure?: Error;
  /** The search does not find it. */
  isUnlisted?: boolean;
};

export type RightsClient = {
  client: ConfluenceClient;
  contents: Map<string, ToldContent>;
  readers: SpaceReaders;
  /** Hits of one page of a search. */
  pageSize: number;
  /** Changes what one page of a search returns. */
  spoil: ((page: Listed) => Listed) | null;
  permitted: ((contentId: string, subject: RightsSubject) => boolean) | null;
  account: { id: string | null };
  calls: string[];
};
type Listed = { contents: ContentRights[]; skipped: number; next: string | null };

export const SPACE_ID = "1";

/** A client of a space with this content: for what a site does not do on demand, as a listing that is short. */
export function rightsClient(
  contents: Record<string, Partial<ToldContent>>,
  accountId: string,
): RightsClient {
  const told: RightsClient = {
    contents: new Map(),
    readers: { users: [], groups: ["staff"], classes: [], unknown: [] },
    pageSize: 2,
    spoil: null,
    permitted: null,
    account: { id: accountId },
    calls: [],
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a sweep calls
    client: {} as ConfluenceClient,
  };
  for (const [id, content] of Object.entries(contents))
    told.contents.set(id, { type: "page", parentId: null, users: [], groups: [], ...content });
  const chainOf = (id: string): { id: string; type: string }[] => {
    const parentId = told.contents.get(id)?.parentId ?? null;
    if (parentId === null) return [];
    return [...chainOf(parentId), { id: parentId, type: told.contents.get(parentId)?.type ?? "page" }];
  };
  const rightsOf = ([id, content]: [string, ToldContent]): ContentRights => ({
    id,
    type: content.type,
    spaceKey: "DEMO",
    ancestors: chainOf(id),
    restriction: content.isCut ? null : { users: content.users, groups: content.groups },
  });
  const listed = () =>
    [...told.contents].filter(
      ([, { type, isUnlisted }]) => ["page", "blogpost"].includes(type) && !isUnlisted,
    );
  const client: Partial<ConfluenceClient> = {
    callsMade: () => told.calls.length,
    rateLimitedCalls: () => 0,
    serverTime: () => null,
    nearLimit: () => null,
    drift: () => ({ answers: 0, skipped: 0, example: null }),
    currentUser: async () => {
      told.calls.push("user");
      return { accountId: told.account.id, displayName: null, timeZone: "UTC" };
    },
    space: async () => ({ id: SPACE_ID, key: "DEMO", name: "Demo", status: "current", homepageId: null }),
    spaceRoles: async () => null,
    spaceReaders: async () => told.readers,
    // It names folders above content.
    countPages: async (cql) => (cql.includes("folder") ? 0 : listed().length),
    searchRights: async (cql, cursor) => {
      told.calls.push("search");
      const named = /id in \(([^)]*)\)/.exec(cql)?.[1]?.split(", ");
      const all = listed().filter(([id]) => !named || named.includes(id));
      const from = Number(cursor ?? 0);
      const next = from + told.pageSize < all.length ? String(from + told.pageSize) : null;
      const page = { contents: all.slice(from, from + told.pageSize).map(rightsOf), skipped: 0, next };
      return told.spoil ? told.spoil(page) : page;
    },
    viewRestriction: async (id) => {
      told.calls.push(`restriction ${id}`);
      const content = told.contents.get(id);
      if (!content) throw new PermanentError("not_found", "Confluence does not show it");
      if (content.failure) throw content.failure;
      return { users: content.users, groups: content.groups };
    },
    pagesById: async (_, ids) =>
      ids.flatMap((id) => {
        const content = told.contents.get(id);
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a sweep reads of a page
        return content
          ? [{ id, status: "current", spaceId: SPACE_ID, parentId: content.parentId } as never]
          : [];
      }),
    licensedGroups: async () => ["licensed"],
    isPermitted: async (contentId, subject) => {
      told.calls.push(`permitted ${contentId}`);
      if (!told.permitted) throw new PermanentError("forbidden", "Only Confluence administrators may ask");
      return told.permitted(contentId, subject);
    },
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a sweep calls
  told.client = client as ConfluenceClient;
  return told;
}
