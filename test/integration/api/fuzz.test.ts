import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { routes } from "#infra/routes.ts";
import { makeRouter } from "#infra/local/runner/routes.ts";
import { addNode, putUnder, setAccess, setDirectory } from "#test/support/access-nodes.ts";
import { makeApiFixture, type ApiFixture } from "#test/support/api-fixture.ts";
import { fuzzedRequests } from "#test/support/fuzzed-requests.ts";
import { store } from "#test/support/stored-pages.ts";

/** In the title and the text of a page that the sender may not see. */
const SECRET = "quixotic";
/** May see one page, and search. */
const SENDER = {
  jwt: { claims: { sub: "eve", scope: "search", atlassian_account_id: "eve" } },
};
const router = makeRouter(routes);

/** Enough for each of the operations to be asked dozens of times; more with FUZZ_REQUESTS. */
const REQUESTS = Number(process.env.FUZZ_REQUESTS ?? 3000);

describe("thousands of requests made from the document", () => {
  let fixture: ApiFixture;
  let sourceId: string;
  let operationId: string;
  let siteId: string;
  let hook: { hook_id: string; secret: string };
  /** The site that the source made, with a hook. */
  const prepareSite = async () => {
    siteId = (await fixture.api("GET", "/api/confluence/sites")).body.sites[0].site_id;
    const path = `/api/confluence/sites/${siteId}/hooks`;
    hook = (await fixture.api("POST", path, { body: { kind: "generic" } })).body;
  };
  /** What a request deleted is made again. */
  const restore = async () => {
    const isThere = async (path: string) => (await fixture.api("GET", path)).status === 200;
    if (!(await isThere(`/api/confluence/${sourceId}`))) return prepare();
    const { hooks } = (await fixture.api("GET", `/api/confluence/sites/${siteId}/hooks`)).body;
    if (hooks.length === 0) await prepareSite();
  };
  const prepare = async () => {
    sourceId = await fixture.addSource({ api_token: fixture.site.settings.token });
    const { sql, embedder } = fixture.services;
    await store(sql!, embedder!, { sourceId, pageId: "1", chunks: ["chunk one", "chunk two"] });
    await store(sql!, embedder!, {
      sourceId,
      pageId: "2",
      title: `The ${SECRET} page`,
      chunks: [`chunk one of the ${SECRET} page`],
    });
    const now = fixture.clock.now();
    await setAccess(sql!, sourceId, "per_user", now);
    const space = await addNode(sql!, { sourceId, users: ["eve"] });
    await putUnder(sql!, sourceId, ["1"], space);
    const hidden = await addNode(sql!, { sourceId, contentId: "2", parent: space, users: ["ann"] });
    await putUnder(sql!, sourceId, ["2"], hidden);
    await setDirectory(sql!, sourceId, { people: [{ accountId: "eve" }], verifiedAt: now });
    const started = await fixture.api("POST", `/api/confluence/${sourceId}/sync`);
    operationId = started.body.operation_id;
    await prepareSite();
  };
  beforeAll(async () => {
    fixture = await makeApiFixture();
    await prepare();
    // The document's example, so that some requests pass Confluence's check.
    fixture.site.settings.token = "ATATT3xFfGF0example";
  });
  afterAll(() => fixture.close());

  it("thousands of requests generated from the OpenAPI document find no fault, no response outside its schema, and nothing hidden from their sender", async () => {
    const seen = new Map<number, number>();
    await fc.assert(
      fc.asyncProperty(fuzzedRequests(), async (request) => {
        const fill = (text: string) =>
          text
            .replaceAll("$SOURCE", sourceId)
            .replaceAll("$OPERATION", operationId)
            .replaceAll("$SITE", siteId)
            .replaceAll("$HOOK", hook.hook_id)
            .replaceAll("$SECRET", hook.secret);
        // The client throws when the document does not describe the answer.
        const answer = await fixture.api(request.method, fill(request.path), {
          query: Object.fromEntries(
            Object.entries(request.query).map(([name, value]) => [name, fill(value ?? "")]),
          ),
          headers: request.headers,
          authorizer: SENDER,
          ...(request.body === undefined ? {} : { rawBody: request.body }),
        });
        seen.set(answer.status, (seen.get(answer.status) ?? 0) + 1);
        expect([200, 201, 202, 204, 304, 400, 401, 403, 404, 405, 409, 413, 415, 422, 501]).toContain(
          answer.status,
        );
        if (router.find(request.method, fill(request.path))?.route.scope === "search") {
          expect(answer.text.toLowerCase()).not.toContain(SECRET);
        }
        if (request.method === "DELETE" && answer.status < 300) await restore();
      }),
      { numRuns: REQUESTS },
    );
    // It reached behind the validation, too.
    for (const status of [200, 202, 204, 304, 400, 401, 403, 404, 409, 415, 422, 501]) {
      expect([status, seen.get(status) ?? 0]).not.toEqual([status, 0]);
    }
  }, 280_000);
});
