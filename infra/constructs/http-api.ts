import { RemovalPolicy } from "aws-cdk-lib";
import {
  CfnStage,
  CorsHttpMethod,
  HttpApi,
  HttpMethod,
  HttpNoneAuthorizer,
  HttpRoute,
  HttpRouteKey,
  HttpStage,
  LogGroupLogDestination,
  type IHttpRouteAuthorizer,
} from "aws-cdk-lib/aws-apigatewayv2";
import { HttpIamAuthorizer, HttpJwtAuthorizer } from "aws-cdk-lib/aws-apigatewayv2-authorizers";
import { HttpLambdaIntegration } from "aws-cdk-lib/aws-apigatewayv2-integrations";
import { AccessLogFormat } from "aws-cdk-lib/aws-apigateway";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { LogGroup, type RetentionDays } from "aws-cdk-lib/aws-logs";
import { NagSuppressions } from "cdk-nag";
import { Construct } from "constructs";
import type { Route } from "#infra/routes.ts";
import type { Settings } from "./settings.ts";

export type SyncApiProps = {
  apiName: string;
  routes: readonly Route[];
  functions: (name: Route["function"]) => LambdaFunction;
  settings: Settings;
};

/**
 * The HTTP API: every route authorized (SigV4, or a JWT with the route's scope), throttled, logged. A `public` route needs a
 * known caller too, but no scope: on AWS only deliveries to hooks are open to the Internet, whose function asks for the secret, and, with
 * JWTs, what says where to get one.
 */
export class SyncApi extends Construct {
  readonly api: HttpApi;

  constructor(scope: Construct, id: string, props: SyncApiProps) {
    super(scope, id);
    const { settings } = props;
    this.api = new HttpApi(this, "Api", {
      apiName: props.apiName,
      createDefaultStage: false,
      ...(settings.corsOrigins.length > 0 ? { corsPreflight: corsOf(settings.corsOrigins) } : {}),
    });
    const logGroup = new LogGroup(this, "AccessLogs", {
      logGroupName: `/aws/apigateway/${props.apiName}`,
      retention: settings.logRetentionDays satisfies RetentionDays as RetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const stage = new HttpStage(this, "Stage", {
      httpApi: this.api,
      stageName: "$default",
      autoDeploy: true,
      throttle: { rateLimit: settings.requestsPerSecond, burstLimit: settings.requestsPerSecond * 2 },
      accessLogSettings: {
        destination: new LogGroupLogDestination(logGroup),
        format: AccessLogFormat.custom(JSON.stringify(ACCESS_LOG)),
      },
    });
    const authorizer = authorizerOf(settings);
    const integrations = new Map<string, HttpLambdaIntegration>();
    for (const route of props.routes.filter(({ scope: of }) => of !== "issuer" || settings.jwtIssuer)) {
      const integration =
        integrations.get(route.function) ??
        new HttpLambdaIntegration(`${route.function}-integration`, props.functions(route.function), {
          // One permission per function for this API: one per route would be a hundred more resources.
          scopePermissionToRoute: false,
        });
      integrations.set(route.function, integration);
      // API Gateway treats an undeclared method as an unknown path, HEAD too.
      for (const method of route.method === "GET" ? (["GET", "HEAD"] as const) : [route.method]) {
        const made = new HttpRoute(this, `${method} ${route.path}`, {
          httpApi: this.api,
          routeKey: HttpRouteKey.with(route.path, HttpMethod[method]),
          integration,
          authorizer: OPEN[route.scope] ? new HttpNoneAuthorizer() : authorizer,
          ...(settings.jwtIssuer && !WITHOUT_SCOPE.has(route.scope)
            ? { authorizationScopes: scopesOf(route) }
            : {}),
        });
        const reason = OPEN[route.scope];
        if (!reason) continue;
        throttle(stage, made, `${method} ${route.path}`);
        NagSuppressions.addResourceSuppressions(made, [{ id: "AwsSolutions-APIG4", reason }]);
      }
    }
  }
}

/** Known callers need no scope for `public` routes, and the senders of deliveries are known by their secret alone. */
const WITHOUT_SCOPE: ReadonlySet<Route["scope"]> = new Set(["public", "hook", "issuer"]);

/** Any of them admits: whoever may search for others, or everything, may search. */
function scopesOf({ scope }: Route): string[] {
  return scope === "search" ? ["search", "search:on-behalf-of", "search:all"] : [scope];
}

/** Why routes of a scope are open to the Internet. */
const OPEN: Partial<Record<Route["scope"], string>> = {
  hook: "Confluence neither signs requests nor gets tokens: the function compares a secret of 32 random bytes in constant time",
  issuer:
    "Says where to get a token (RFC 9728), so it cannot ask for one: the issuer and the API's own address, nothing else",
};

/** A second that reach the function: a person edits less than that, and what is refused a sync finds. */
const OPEN_REQUESTS_PER_SECOND = 20;

/** Open to the Internet, so that its share of the API's limit is its own. */
function throttle(stage: HttpStage, route: HttpRoute, routeKey: string): void {
  const { defaultChild } = stage.node;
  if (!(defaultChild instanceof CfnStage)) throw new Error("A stage is made by a CfnStage");
  // A dot separates the names of properties, unless it is escaped.
  defaultChild.addPropertyOverride(`RouteSettings.${routeKey.replaceAll(".", "\\.")}`, {
    ThrottlingRateLimit: OPEN_REQUESTS_PER_SECOND,
    ThrottlingBurstLimit: OPEN_REQUESTS_PER_SECOND * 2,
  });
  // The settings name a route, which must be there.
  stage.node.addDependency(route);
}

/** Caller, route, result and duration of each request; no query string (searches are private) and no header. */
const ACCESS_LOG = {
  requestId: "$context.requestId",
  time: "$context.requestTime",
  ip: "$context.identity.sourceIp",
  caller: "$context.identity.userArn",
  subject: "$context.authorizer.claims.sub",
  route: "$context.routeKey",
  path: "$context.path",
  status: "$context.status",
  error: "$context.error.message",
  integrationError: "$context.integrationErrorMessage",
  latencyMs: "$context.responseLatency",
  bytes: "$context.responseLength",
};

function authorizerOf(settings: Settings): IHttpRouteAuthorizer {
  if (!settings.jwtIssuer || !settings.jwtAudience) return new HttpIamAuthorizer();
  return new HttpJwtAuthorizer("JwtAuthorizer", settings.jwtIssuer, { jwtAudience: settings.jwtAudience });
}

function corsOf(origins: string[]) {
  return {
    allowOrigins: origins,
    allowMethods: [
      CorsHttpMethod.GET,
      CorsHttpMethod.POST,
      CorsHttpMethod.PATCH,
      CorsHttpMethod.PUT,
      CorsHttpMethod.DELETE,
    ],
    allowHeaders: [
      "authorization",
      "content-type",
      "if-none-match",
      "idempotency-key",
      "mcp-method",
      "mcp-name",
      "mcp-protocol-version",
    ],
    exposeHeaders: [
      "etag",
      "x-permissions-withheld",
      "x-permissions-withheld-count",
      "x-poll-interval",
      "x-request-id",
    ],
  };
}
