import { isScopeFailure, SCOPED_CALLS } from "#shared/confluence/scopes.ts";
import type { ProbeResponse, ProbeResult } from "./probe-result.ts";

type Site = {
  get: (path: string) => Promise<ProbeResponse>;
  post: (path: string, body: unknown) => Promise<ProbeResponse>;
};

/** Makes each call of a sync once and reports whether the token has its scope. With the scope, an unknown id gives 404. */
export async function probeScopes(
  site: Site,
  known: { accountId: string; spaceId: string; pageId: string },
): Promise<ProbeResult[]> {
  const results: ProbeResult[] = [];
  for (const { call, scope, need } of SCOPED_CALLS) {
    const [method = "", template = ""] = call.split(" ");
    const id = template.includes("/spaces/") ? known.spaceId : known.pageId;
    const path = template.replace("{id}", id);
    const response =
      method === "POST"
        ? await site.post(path, bodyFor(path, known.accountId))
        : await site.get(path.endsWith("search") ? `${path}?cql=type%3Dpage&limit=1` : path);
    const lacks = response.status === 401 && isScopeFailure(response.header, JSON.stringify(response.json));
    results.push({
      assumption: `the token has ${scope} (${need}) for ${call}`,
      held: !lacks ? true : need === "required" ? false : null,
      seen: lacks ? "missing: add it to the token" : `status ${response.status}`,
    });
  }
  return results;
}

function bodyFor(path: string, accountId: string): unknown {
  if (!path.endsWith("/permission/check")) return { accountIds: [accountId] };
  return { subject: { type: "user", identifier: accountId }, operation: "read" };
}
