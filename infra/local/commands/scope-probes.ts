import { probeRequest } from "#shared/confluence/probe-scopes.ts";
import { isScopeFailure, SCOPED_CALLS, SCOPES } from "#shared/confluence/scopes.ts";
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
  for (const scoped of SCOPED_CALLS) {
    const { call, scope, need } = scoped;
    const { method, path, query, body } = probeRequest(scoped, known);
    const target = `${path}?${new URLSearchParams(query).toString()}`.replace(/\?$/, "");
    const response = method === "POST" ? await site.post(target, body) : await site.get(target);
    const lacks = response.status === 401 && isScopeFailure(response.header, JSON.stringify(response.json));
    results.push({
      assumption: `the token has ${scope} (${need}) for ${call}`,
      held: !lacks ? true : need === "required" ? false : null,
      seen: lacks
        ? `missing, needed for ${SCOPES[scope]?.for}: add it to the token`
        : `status ${response.status}`,
    });
  }
  return results;
}
