import { z } from "zod";
import type { ProbeResponse, ProbeResult } from "./probe-result.ts";
import { probeRights } from "./rights-probes.ts";
import { probeScopes } from "./scope-probes.ts";
import { changedPagesCql } from "#shared/confluence/cql.ts";

type Site = {
  space: string;
  get: (path: string) => Promise<ProbeResponse>;
  post: (path: string, body: unknown) => Promise<ProbeResponse>;
  now: () => Date;
};

const user = z.looseObject({ accountId: z.string(), timeZone: z.string().nullish() });
const links = z.looseObject({ next: z.string().optional() });
const page = z.looseObject({
  id: z.string(),
  status: z.string(),
  version: z.looseObject({ number: z.number(), createdAt: z.iso.datetime({ offset: true }).optional() }),
});
const pages = z.looseObject({ results: z.array(page), _links: links.default({}) });
const spaces = z.looseObject({ results: z.array(z.looseObject({ id: z.string(), key: z.string() })) });
const found = z.looseObject({
  results: z.array(
    z.looseObject({ id: z.string(), version: z.looseObject({ number: z.number() }).optional() }),
  ),
  _links: links.default({}),
});

const HOUR_MS = 3_600_000;

/** The assumptions of the sync, each checked on the site itself; read-only, about four dozen calls. */
export async function runProbes(site: Site): Promise<ProbeResult[]> {
  const results: ProbeResult[] = [];
  const tell = (assumption: string, held: boolean | null, seen: string) => {
    results.push({ assumption, held, seen });
  };

  const me = await site.get("/wiki/rest/api/user/current");
  const account = user.safeParse(me.json);
  tell("user/current names the account", account.success, `status ${me.status}`);
  const zone = account.success ? (account.data.timeZone ?? null) : null;
  tell(
    "user/current returns the account's time zone",
    zone === null ? null : true,
    zone ?? "not returned: literals go 26 h back",
  );
  const date = me.header("date");
  tell("responses have a Date header", date !== null, date ?? "none");
  tell(
    "rate limits are announced by X-RateLimit headers",
    me.header("x-ratelimit-limit") === null ? null : true,
    me.header("x-ratelimit-limit") ?? "none on this response",
  );

  const space = spaces.safeParse(
    (await site.get(`/wiki/api/v2/spaces?keys=${encodeURIComponent(site.space)}`)).json,
  );
  const spaceId = space.success ? space.data.results[0]?.id : undefined;
  tell(
    "spaces are found by key (v2)",
    spaceId !== undefined,
    spaceId ? `id ${spaceId}` : "no such space for this account",
  );
  if (!spaceId) return results;

  const listed = pages.safeParse(
    (await site.get(`/wiki/api/v2/pages?space-id=${spaceId}&limit=2&sort=id`)).json,
  );
  tell(
    "the v2 listing has id, status and version number",
    listed.success,
    listed.success ? `${listed.data.results.length} pages` : "another shape",
  );
  if (!listed.success) return results;
  const next = listed.data._links.next ?? null;
  tell(
    "a v2 next link begins with /wiki/api/v2 and has a cursor",
    next === null ? null : /^\/wiki\/api\/v2\/.*cursor=/.test(next),
    next ?? "one page only",
  );
  const statuses = new Set(listed.data.results.map((item) => item.status));
  tell(
    "the v2 listing defaults to current and archived",
    statuses.size === 0
      ? null
      : [...statuses].every((status) => status === "current" || status === "archived"),
    [...statuses].join(", ") || "no pages",
  );

  const ids = listed.data.results.map((item) => item.id);
  const bulk = pages.safeParse(
    (
      await site.get(
        `/wiki/api/v2/pages?id=${ids.join(",")}&status=current,archived,trashed,deleted&body-format=storage`,
      )
    ).json,
  );
  tell(
    "pages are returned by id in bulk, in any status, with bodies",
    bulk.success && bulk.data.results.length === ids.length,
    bulk.success ? `${bulk.data.results.length} of ${ids.length}` : "another shape",
  );

  await probeSearch(site, zone, listed.data.results, tell);
  const accountId = account.success ? account.data.accountId : "";
  const known = { accountId, spaceId, pageId: ids[0] ?? spaceId };
  return [...results, ...(await probeRights(site, known)), ...(await probeScopes(site, known))];
}

async function probeSearch(
  site: Site,
  zone: string | null,
  sample: z.infer<typeof page>[],
  tell: (assumption: string, held: boolean | null, seen: string) => void,
): Promise<void> {
  const search = async (cql: string, limit = 25) => {
    const response = await site.get(
      `/wiki/rest/api/content/search?cql=${encodeURIComponent(cql)}&limit=${limit}&expand=version`,
    );
    return { status: response.status, found: found.safeParse(response.json) };
  };
  const recent = await search(changedPagesCql(site.space, new Date(0), zone), 1);
  tell(
    "CQL takes a literal to the minute",
    recent.status === 200 && recent.found.success,
    `status ${recent.status}`,
  );
  const next = recent.found.success ? (recent.found.data._links.next ?? null) : null;
  tell(
    "a v1 next link begins with /rest/api, without /wiki",
    next === null ? null : next.startsWith("/rest/api/"),
    next ?? "one page only",
  );
  tell(
    "search hits have a version number",
    recent.found.success ? recent.found.data.results.every((hit) => hit.version !== undefined) : null,
    "expand=version",
  );

  const newest = sample.find((item) => item.version.createdAt);
  if (!newest?.version.createdAt)
    return tell("literals are read in the account's zone", null, "no page says when it was changed");
  const changed = new Date(newest.version.createdAt);
  const has = async (since: Date) => {
    const cql = `id = ${newest.id} and ${changedPagesCql(site.space, since, zone).replace(/ order by .*/, "")}`;
    const { found: hits } = await search(cql);
    return hits.success ? hits.data.results.length > 0 : null;
  };
  const at = await has(changed);
  const after = await has(new Date(changed.getTime() + 2 * HOUR_MS));
  tell(
    "a literal of a change's own minute finds it (>=, the account's zone)",
    at,
    `page ${newest.id}, changed ${changed.toISOString()}`,
  );
  tell(
    "a literal two hours later does not find it",
    zone === null || after === null ? null : !after,
    `zone ${zone ?? "unknown"}`,
  );
}
