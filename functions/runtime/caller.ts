import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { z } from "zod";

/** What a caller may do. Routes name one of the first three (`search`: the last two include it). */
export const CALLER_SCOPES = [
  "sources:read",
  "sources:write",
  "search",
  /** Search for another person. */
  "search:on-behalf-of",
  /** Search everything, whoever may see it. */
  "search:all",
] as const;
export type CallerScope = (typeof CALLER_SCOPES)[number];

/** Who sent a request. */
export type Caller = {
  /** For the log, and to tell callers apart; empty when nobody is known. */
  actor: string;
  scopes: ReadonlySet<CallerScope>;
  /** Of a person's own token; null for everything else. */
  claims: Readonly<Record<string, unknown>> | null;
};

/** What authorizers of HTTP APIs add to a request, and the local gateway in the shape of a Lambda authorizer. */
const authorized = z.object({
  authorizer: z.object({
    iam: z.object({ userArn: z.string() }).optional(),
    jwt: z.object({ claims: z.record(z.string(), z.unknown()) }).optional(),
    lambda: z.object({ name: z.string(), scopes: z.array(z.enum(CALLER_SCOPES)) }).optional(),
  }),
});

const NOBODY: Caller = { actor: "", scopes: new Set(), claims: null };

/**
 * The caller, from what the authorizer found; without one nobody, who may do least. An IAM caller is a backend that is trusted to
 * name the person that it searches for; which of them may search everything is said by `searchAllCallers`.
 */
export function callerOf(event: APIGatewayProxyEventV2, searchAllCallers: readonly string[] = []): Caller {
  const context = authorized.safeParse(event.requestContext);
  if (!context.success) return NOBODY;
  const { iam, jwt, lambda } = context.data.authorizer;
  if (iam) return { actor: iam.userArn, scopes: scopesOfIam(iam.userArn, searchAllCallers), claims: null };
  if (jwt) return { actor: textOf(jwt.claims.sub), scopes: scopesOfToken(jwt.claims), claims: jwt.claims };
  if (lambda) return { actor: `key:${lambda.name}`, scopes: new Set(lambda.scopes), claims: null };
  return NOBODY;
}

/** Routes are allowed or refused by the caller's IAM policy, before this. */
function scopesOfIam(userArn: string, searchAllCallers: readonly string[]): ReadonlySet<CallerScope> {
  const mayAll = searchAllCallers.some((allowed) => roleArn(allowed) === roleArn(userArn));
  return new Set(CALLER_SCOPES.filter((scope) => scope !== "search:all" || mayAll));
}

/** The role of a session, whose ARN names the session and leaves out the role's path; another ARN as it is. */
function roleArn(arn: string): string {
  const session = /^(arn:[^:]+):sts::(\d+):assumed-role\/([^/]+)(?:\/|$)/.exec(arn);
  if (session) return `${session[1]}:iam::${session[2]}:role/${session[3]}`;
  return arn.replace(/^(arn:[^:]+:iam::\d+:role\/)(?:.*\/)?([^/]+)$/, "$1$2");
}

/** By the token's own claims: what the authorizer lists beside them depends on the route. It writes arrays as `[a b]`. */
function scopesOfToken(claims: Readonly<Record<string, unknown>>): ReadonlySet<CallerScope> {
  const held = new Set([claims.scope, claims.scp].flatMap((value) => textOf(value).split(/[\s,[\]]+/)));
  return new Set(CALLER_SCOPES.filter((scope) => held.has(scope)));
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join(" ");
  return typeof value === "string" ? value : "";
}
