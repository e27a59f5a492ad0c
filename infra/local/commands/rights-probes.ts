import { z } from "zod";
import type { ProbeResponse, ProbeResult } from "./probe-result.ts";

type Site = {
  space: string;
  get: (path: string) => Promise<ProbeResponse>;
  post: (path: string, body: unknown) => Promise<ProbeResponse>;
};

const list = z.looseObject({ results: z.array(z.looseObject({ id: z.string().optional() })) });
const links = z.looseObject({ next: z.string().optional() }).optional();
const restriction = z.looseObject({ restrictions: z.looseObject({ user: list, group: list }) });
const hits = z.looseObject({
  results: z.array(
    z.looseObject({
      id: z.string(),
      ancestors: z.array(z.looseObject({ id: z.string() })).optional(),
      restrictions: z.looseObject({ read: restriction }).optional(),
    }),
  ),
  _links: links,
});
const permissions = z.looseObject({
  results: z.array(
    z.looseObject({
      principal: z.looseObject({ type: z.string(), id: z.string() }),
      operation: z.looseObject({ key: z.string(), targetType: z.string() }),
    }),
  ),
});

const EXPAND = "ancestors,restrictions.read.restrictions.user,restrictions.read.restrictions.group";
/** More than a response is expected to hold, to see where it is cut. */
const LIMIT = 250;

/**
 * What sources take for granted whose `access` is not `everything`. Nothing else depends on it, so what does not hold is left open, not
 * reported as wrong.
 */
export async function probeRights(
  site: Site,
  known: { accountId: string; spaceId: string; pageId: string },
): Promise<ProbeResult[]> {
  const results: ProbeResult[] = [];
  const tell = (assumption: string, holds: boolean, seen: string) => {
    results.push({ assumption: `${assumption} (optional)`, held: holds ? true : null, seen });
  };
  const search = (type: string, limit: number) => {
    const cql = encodeURIComponent(`space = "${site.space}" and type = ${type}`);
    return site.get(`/wiki/rest/api/content/search?cql=${cql}&limit=${limit}&expand=${EXPAND}`);
  };

  const searched = await search("page", LIMIT);
  const found = hits.safeParse(searched.json).data;
  const withRights = found?.results.filter((hit) => hit.restrictions !== undefined).length ?? 0;
  tell(
    "search hits have their restrictions",
    found !== undefined && withRights === found.results.length,
    found
      ? `${withRights} of ${found.results.length}, ${found._links?.next ? "then a next link" : "no next link"}`
      : `status ${searched.status}`,
  );

  const own = await site.get(`/wiki/rest/api/content/${known.pageId}/restriction/byOperation/read`);
  tell("a page's restriction can be read", restriction.safeParse(own.json).success, `status ${own.status}`);

  const readers = await site.get(`/wiki/api/v2/spaces/${known.spaceId}/permissions?limit=250`);
  const rows = permissions.safeParse(readers.json).data?.results ?? [];
  const reading = rows.filter(
    ({ operation }) => operation.key === "read" && operation.targetType === "space",
  );
  const kinds = new Set(
    reading.map(({ principal: { type, id } }) => (/^(user|group)$/.test(type) ? type : `${type} ${id}`)),
  );
  tell(
    "the space names its readers",
    reading.length > 0,
    [...kinds].join(", ") || `status ${readers.status}`,
  );

  const mode = await site.get("/wiki/api/v2/space-role-mode");
  const named = z.looseObject({ mode: z.string() }).safeParse(mode.json).data?.mode;
  tell("the site says whether it has roles", named !== undefined, named ?? `status ${mode.status}`);

  const groups = await site.get("/wiki/rest/api/group?accessType=user&limit=200");
  const licensed = list.safeParse(groups.json).data?.results.flatMap(({ id }) => id ?? []) ?? [];
  tell("groups of licensed accounts are listed", licensed.length > 0, `${licensed.length} groups`);
  const [group] = licensed;
  if (group !== undefined) {
    const members = await site.get(
      `/wiki/rest/api/group/${encodeURIComponent(group)}/membersByGroupId?limit=1`,
    );
    tell("members of a group are listed", list.safeParse(members.json).success, `status ${members.status}`);
  }

  const check = async (id: string, identifier: string) =>
    site.post(`/wiki/rest/api/content/${id}/permission/check`, {
      subject: { type: "user", identifier },
      operation: "read",
    });
  const others = await check(known.pageId, "anonymous");
  tell("the account may ask what others may see", others.status === 200, `status ${others.status}`);
  const folder = hits.safeParse((await search("folder", 1)).json).data?.results[0]?.id;
  if (folder !== undefined) {
    const { status } = await check(folder, known.accountId);
    tell(
      "what somebody may see can be asked of a folder",
      status === 200,
      `folder ${folder}, status ${status}`,
    );
    const inside = hits.safeParse((await search(`page and parent = ${folder}`, 1)).json).data?.results[0];
    if (inside)
      tell(
        "the folder that a page is in is among its ancestors",
        inside.ancestors?.at(-1)?.id === folder,
        `page ${inside.id}, ${inside.ancestors?.length ?? "no"} ancestors`,
      );
  }
  return results;
}
