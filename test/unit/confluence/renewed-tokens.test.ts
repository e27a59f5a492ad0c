import { expect, it } from "vitest";
import type { TransportOptions } from "#shared/confluence/http-transport.ts";
import { answeredRequests, type Answer } from "#test/support/answered-requests.ts";
import { clientOf, makeTestSite } from "#test/support/confluence-site.ts";

const USER = { body: { type: "known", accountId: "ann" } };
const REFUSED = { status: 401 };

/** A client whose network gives these answers. */
function answered(answers: Answer[], options: Partial<TransportOptions>) {
  const network = answeredRequests(...answers);
  return { ...network, client: clientOf(makeTestSite().site, { fetch: network.fetch, ...options }) };
}

/** Tokens `t1`, `t2`, …, with those that each of them replaces. */
function tokens() {
  const replaced: (string | undefined)[] = [];
  const bearer = async (refused?: string) => {
    replaced.push(refused);
    return `t${replaced.length}`;
  };
  return { bearer, replaced };
}

const sentWith = ({ sent }: ReturnType<typeof answered>) =>
  sent.map(({ headers }) => headers["authorization"]);

it("a request is sent with the token of the moment", async () => {
  const { bearer, replaced } = tokens();
  const asked = answered([USER], { bearer });
  await asked.client.currentUser();
  await asked.client.currentUser();
  expect(sentWith(asked)).toEqual(["Bearer t1", "Bearer t2"]);
  expect(replaced).toEqual([undefined, undefined]);
});

it("a request whose token is refused is sent once more with another one", async () => {
  const { bearer, replaced } = tokens();
  const asked = answered([REFUSED, USER], { bearer });
  expect((await asked.client.currentUser()).accountId).toBe("ann");
  expect(sentWith(asked)).toEqual(["Bearer t1", "Bearer t2"]);
  expect(replaced).toEqual([undefined, "t1"]);
});

it("a request whose second token is refused too has bad credentials", async () => {
  const { bearer } = tokens();
  const asked = answered([REFUSED], { bearer });
  await expect(asked.client.currentUser()).rejects.toMatchObject({ code: "credentials_rejected" });
  expect(asked.sent).toHaveLength(2);
});

it.each([
  [403, "forbidden"],
  [404, "not_found"],
  [429, "rate_limited"],
])("a token is not replaced because of a %i", async (status, code) => {
  const { bearer, replaced } = tokens();
  const asked = answered([{ status }], { bearer });
  await expect(asked.client.currentUser()).rejects.toMatchObject({ code });
  expect(replaced).toEqual([undefined]);
  expect(asked.sent).toHaveLength(1);
});

it("a token that lacks a scope is not replaced: another one lacks it as well", async () => {
  const { bearer, replaced } = tokens();
  const headers = { "x-failure-category": "FAILURE_CLIENT_SCOPE_CHECK" };
  const asked = answered([{ ...REFUSED, headers }], { bearer });
  await expect(asked.client.currentUser()).rejects.toMatchObject({ code: "scope_missing" });
  expect(replaced).toEqual([undefined]);
});

it("no token is asked for where the site's address is refused", async () => {
  const { bearer, replaced } = tokens();
  const asked = answered([USER], { bearer, baseUrl: "https://169.254.169.254" });
  await expect(asked.client.currentUser()).rejects.toMatchObject({ code: "address_refused" });
  expect([replaced, asked.sent]).toEqual([[], []]);
});

it("the address of a file is asked for with them too", async () => {
  const { bearer } = tokens();
  const asked = answered([REFUSED, { status: 302, headers: { location: "https://media.example/" } }], {
    bearer,
  });
  const file = { containerId: "1", id: "att2", version: 1 };
  expect(await asked.client.attachmentAddress(file)).toBe("https://media.example/");
  expect(sentWith(asked)).toEqual(["Bearer t1", "Bearer t2"]);
});
