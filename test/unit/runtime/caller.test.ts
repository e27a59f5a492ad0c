import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { describe, expect, it } from "vitest";
import { callerOf, CALLER_SCOPES } from "#functions/runtime/caller.ts";

/** All of an event that says who the caller is. */
const eventWith = (requestContext: object) =>
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  ({ requestContext }) as APIGatewayProxyEventV2;
const callerFrom = (authorizer: object, searchAllCallers: readonly string[] = []) =>
  callerOf(eventWith({ authorizer }), searchAllCallers);

it.each([
  ["no authorizer", {}],
  ["an authorizer that found nobody", { authorizer: {} }],
  ["an IAM identity without an ARN", { authorizer: { iam: { userId: "AIDA" } } }],
  ["a scope that does not exist", { authorizer: { lambda: { name: "chat", scopes: ["everything"] } } }],
])("a request with %s is nobody's, who may do nothing", (_, requestContext) => {
  expect(callerOf(eventWith(requestContext))).toEqual({ actor: "", scopes: new Set(), claims: null });
});

it("a key is told apart by its name, and may do what it was made for", () => {
  expect(callerFrom({ lambda: { name: "chat", scopes: ["search", "sources:read"] } })).toEqual({
    actor: "key:chat",
    scopes: new Set(["search", "sources:read"]),
    claims: null,
  });
});

describe("an IAM caller", () => {
  const ACCOUNT = "123456789012";
  const mayAll = (userArn: string, allowed: string) =>
    callerFrom({ iam: { userArn } }, ["arn:aws:iam::1:user/other", allowed]).scopes.has("search:all");

  it("an IAM caller may do everything but search everything, under its ARN", () => {
    const userArn = `arn:aws:iam::${ACCOUNT}:user/ops`;
    expect(callerFrom({ iam: { userArn } })).toEqual({
      actor: userArn,
      scopes: new Set(CALLER_SCOPES.filter((scope) => scope !== "search:all")),
      claims: null,
    });
  });

  it.each([
    [`arn:aws:iam::${ACCOUNT}:user/ops`, `arn:aws:iam::${ACCOUNT}:user/ops`],
    [`arn:aws:sts::${ACCOUNT}:assumed-role/Reports/i-1`, `arn:aws:iam::${ACCOUNT}:role/Reports`],
    [`arn:aws:sts::${ACCOUNT}:assumed-role/Reports`, `arn:aws:iam::${ACCOUNT}:role/Reports`],
    [`arn:aws:sts::${ACCOUNT}:assumed-role/Reports/i-1`, `arn:aws:iam::${ACCOUNT}:role/teams/data/Reports`],
    [
      `arn:aws:sts::${ACCOUNT}:assumed-role/Reports/i-1`,
      `arn:aws:sts::${ACCOUNT}:assumed-role/Reports/another-session`,
    ],
    [
      `arn:aws-us-gov:sts::${ACCOUNT}:assumed-role/Reports/i-1`,
      `arn:aws-us-gov:iam::${ACCOUNT}:role/teams/Reports`,
    ],
  ])("%s searches everything where %s may", (userArn, allowed) => {
    expect(mayAll(userArn, allowed)).toBe(true);
  });

  it.each([
    [`arn:aws:sts::${ACCOUNT}:assumed-role/Reports/i-1`, `arn:aws-us-gov:iam::${ACCOUNT}:role/Reports`],
    [`arn:aws:sts::${ACCOUNT}:assumed-role/Reports/i-1`, "arn:aws:iam::210987654321:role/Reports"],
    [`arn:aws:sts::${ACCOUNT}:assumed-role/Reports/i-1`, `arn:aws:iam::${ACCOUNT}:role/Reports/Other`],
    [`arn:aws:sts::${ACCOUNT}:assumed-role/Other/Reports`, `arn:aws:iam::${ACCOUNT}:role/Reports`],
    [`arn:aws:sts::${ACCOUNT}:federated-user/Reports`, `arn:aws:iam::${ACCOUNT}:role/Reports`],
    // A path is a part of a user's name.
    [`arn:aws:iam::${ACCOUNT}:user/teams/ops`, `arn:aws:iam::${ACCOUNT}:user/ops`],
    // What only contains the ARN of a session is none.
    [`x:arn:aws:sts::${ACCOUNT}:assumed-role/Reports/i-1`, `arn:aws:iam::${ACCOUNT}:role/Reports`],
  ])("%s does not search everything because %s may", (userArn, allowed) => {
    expect(mayAll(userArn, allowed)).toBe(false);
  });
});

describe("a person with a token", () => {
  const scopesOf = (claims: Record<string, unknown>) => [...callerFrom({ jwt: { claims } }).scopes];

  it("a person with a token is its subject, and its claims say who that is in Confluence", () => {
    const claims = { sub: "ann", scope: "search", email: "ann@example.com" };
    expect(callerFrom({ jwt: { claims, scopes: ["sources:write"] } })).toEqual({
      actor: "ann",
      scopes: new Set(["search"]),
      claims,
    });
  });

  it("a token without a subject in text is nobody's in particular", () => {
    expect(callerFrom({ jwt: { claims: { scope: "search" } } }).actor).toBe("");
    expect(callerFrom({ jwt: { claims: { sub: 7 } } }).actor).toBe("");
  });

  it.each<[string, Record<string, unknown>]>([
    ["a text", { scope: "openid search sources:read" }],
    ["a text with several blanks", { scope: "search  \t sources:read" }],
    ["the array as the authorizer writes it", { scope: "[search sources:read]" }],
    ["an array", { scp: ["sources:read", "search"] }],
    ["a text with commas", { scp: "sources:read,search" }],
    ["two claims", { scope: "search", scp: ["sources:read"] }],
  ])("a token that has its scopes in %s has them all", (_, claims) => {
    expect(scopesOf(claims)).toEqual(["sources:read", "search"]);
  });

  it.each<Record<string, unknown>>([
    {},
    { scope: 7, scp: null },
    { scope: "research search:everything", scp: ["searching"] },
    { scopes: "search" },
  ])("a token with the claims %j has no scope", (claims) => {
    expect(scopesOf(claims)).toEqual([]);
  });
});
