import {
  createDocument,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
  type ZodOpenApiResponseObject,
  type ZodOpenApiResponsesObject,
} from "zod-openapi";
import { z } from "zod";
import { errorCodes, type ErrorCode } from "#functions/runtime/error-codes.ts";
import type { AnyContract, ErrorShape } from "#functions/runtime/http-contract.ts";
import { contracts } from "./all.ts";
import { API_VERSION } from "./api-version.ts";
import { jsonRpcError } from "./mcp.ts";

// The keys of a constant object that is not empty.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const codes = Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]];

const problem = z
  .object({
    code: z.enum(codes).meta({ description: "Stable: branch on this, not on the message" }),
    message: z.string().meta({ description: "For people" }),
    details: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({ id: "Problem" });

const errorSchemas: Record<ErrorShape, z.ZodType> = {
  standard: z.object({ error: problem }).meta({ id: "Error" }),
  detail: z
    .object({ error: problem, detail: z.object({ error: z.string() }) })
    .meta({ id: "ErrorWithDetail" }),
  detail_text: z.object({ error: problem, detail: z.string() }).meta({ id: "ErrorWithDetailText" }),
  error_text: z
    .object({ error: z.string(), error_details: problem, detail: z.object({ error: z.string() }) })
    .meta({ id: "ErrorText" }),
  json_rpc: jsonRpcError,
};

/** What the gateway itself rejects has the standard shape on every route (on AWS: API Gateway's `{"message"}`). */
const gatewayErrors: ReadonlySet<ErrorCode> = new Set([
  "unauthorized",
  "foreign_host",
  "foreign_origin",
  "malformed_path",
  "body_too_large",
  "headers_too_large",
] as const);

const INTRODUCTION = `Keeps a RAG index in step with Confluence spaces.

- Errors are \`{"error": {"code", "message", "details"?}}\`; their codes are listed below. Every response carries \`X-Request-Id\`.
- Lists of this API take \`limit\` and \`cursor\` and return \`next_cursor\`.
- \`HEAD\` responds as \`GET\` does, without the body.
- Every GET has a strong \`ETag\`; with \`If-None-Match\` an unchanged response is an empty 304.
- \`Idempotency-Key\` on the POSTs that name it: repeated within a day, such a request is executed once and gets the first response.
- A delivery to a hook carries the hook's secret instead, and nothing else.
- On AWS requests are signed (SigV4) or carry a JWT with the scope of the route; locally they carry a key, when \`API_KEY\` or \`API_KEYS_FILE\` is set. \`search:on-behalf-of\` and \`search:all\` include \`search\`.
- Routes of the scope \`search\` show each reader only what they may see in Confluence, as the sources' \`access\` says: a person by their own token, or by \`on_behalf_of\` of a backend that has \`search:on-behalf-of\`; everything by \`visibility: "all"\` with \`search:all\`; else what the public, or everyone in the space, may see. What may not be shown is not found, not counted and not named.
- Routes of the scopes \`sources:read\` and \`sources:write\` are for operators: they name pages, errors and counts whoever may see them. Give them to no client that acts for its users.

<details><summary>Codes of errors</summary>

| code | status | meaning |
| --- | --- | --- |
${Object.entries(errorCodes)
  .map(([code, [status, meaning]]) => `| \`${code}\` | ${status} | ${meaning} |`)
  .join("\n")}

</details>
`;

/** The OpenAPI 3.1 document of the whole API, made of the contracts that validate it. */
export function makeDocument() {
  const paths: ZodOpenApiPathsObject = {};
  for (const contract of contracts) {
    for (const [index, path] of contract.paths.entries()) {
      const operation = toOperation(contract, index);
      paths[path] = { ...paths[path], [contract.method.toLowerCase()]: operation };
    }
  }
  return createDocument({
    openapi: "3.1.1",
    info: {
      title: "Confluence RAG sync",
      version: API_VERSION,
      description: INTRODUCTION,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    tags: [...new Set(contracts.map((contract) => contract.tag))].map((name) => ({ name })),
    security: [{ apiKey: [] }, { bearer: [] }, { sigv4: [] }],
    paths,
    components: {
      securitySchemes: {
        apiKey: { type: "apiKey", in: "header", name: "X-Api-Key", description: "Locally, with API_KEY set" },
        hookHeader: {
          type: "apiKey",
          in: "header",
          name: "X-Hook-Secret",
          description: "The secret of the hook",
        },
        hookBearer: { type: "http", scheme: "bearer", description: "The secret of the hook" },
        hookQuery: {
          type: "apiKey",
          in: "query",
          name: "token",
          description: "The secret of the hook, for senders that set no header",
        },
        bearer: { type: "http", scheme: "bearer", description: "A JWT on AWS; the API_KEY locally" },
        sigv4: {
          type: "apiKey",
          in: "header",
          name: "Authorization",
          description: "AWS Signature Version 4 (IAM, service execute-api)",
          "x-amazon-apigateway-authtype": "awsSigv4",
        },
      },
    },
  });
}

function toOperation(contract: AnyContract, index: number): ZodOpenApiOperationObject {
  const { body } = contract;
  return {
    operationId: index === 0 ? contract.id : `${contract.id}${index + 1}`,
    tags: [contract.tag],
    summary: index === 0 ? contract.summary : `${contract.summary} (alias)`,
    description: [contract.description, `Scope: \`${contract.scope}\`.`].filter(Boolean).join("\n\n"),
    ...securityOf(contract),
    requestParams: {
      path: contract.params,
      query: contract.query,
      ...(headersOf(contract) ? { header: headersOf(contract) } : {}),
    },
    ...(body === null
      ? {}
      : {
          requestBody: {
            required: !body.safeParse({}).success,
            content: { "application/json": { schema: body, ...exampleOf(contract.examples.request) } },
          },
        }),
    responses: { ...successes(contract), ...failures(contract) },
  };
}

function securityOf({ scope }: AnyContract): Pick<ZodOpenApiOperationObject, "security"> {
  if (scope === "public" || scope === "issuer") return { security: [] };
  return scope === "hook" ? { security: [{ hookHeader: [] }, { hookBearer: [] }, { hookQuery: [] }] } : {};
}

function headersOf(contract: AnyContract): z.ZodObject | undefined {
  if (contract.idempotent) {
    return z.object({
      "Idempotency-Key": z
        .string()
        .regex(/^[\x21-\x7e]{1,255}$/)
        .optional()
        .meta({ description: "A new key for each request; the same key when the request is repeated" }),
    });
  }
  if (contract.method !== "GET") return undefined;
  return z.object({
    "If-None-Match": z.string().optional().meta({ description: "Entity tags of cached responses" }),
  });
}

function exampleOf(example: unknown): { example?: unknown } {
  return example === undefined ? {} : { example };
}

const requestIdHeader = { "x-request-id": z.string().meta({ description: "Named in the log too" }) };

function successes(contract: AnyContract): ZodOpenApiResponsesObject {
  const responses = Object.entries(contract.responses).map(
    ([status, schema]): [string, ZodOpenApiResponseObject] => [
      status,
      {
        description: DESCRIPTIONS[status] ?? "Done",
        headers: z.object({
          ...requestIdHeader,
          ...(contract.method === "GET" ? { etag: z.string() } : {}),
        }),
        ...(schema
          ? {
              content: {
                "application/json": { schema, ...exampleOf(contract.examples.responses?.[Number(status)]) },
              },
            }
          : {}),
      },
    ],
  );
  const unchanged: ZodOpenApiResponseObject = {
    description: "Not changed since the response that `If-None-Match` names",
    headers: z.object({ etag: z.string() }),
  };
  return {
    ...Object.fromEntries(responses),
    ...(contract.method === "GET" && responses.length > 0 ? { 304: unchanged } : {}),
  };
}

const DESCRIPTIONS: Record<string, string> = {
  200: "OK",
  201: "Made; `Location` names it",
  202: "Accepted; it continues in the background",
  204: "Done",
};

/** Error responses by status, with the codes that each may carry. */
function failures(contract: AnyContract): ZodOpenApiResponsesObject {
  const possible = new Set<ErrorCode>([...contract.errors, ...everywhere(contract)]);
  const byStatus = Map.groupBy(possible, (code) => errorCodes[code][0]);
  return Object.fromEntries(
    [...byStatus].map(([status, list]) => {
      const schema = errorSchemaOf(contract.errorShape, list);
      const [code] = list;
      const example = code && { error: { code, message: errorCodes[code][1] } };
      return [
        String(status),
        {
          description: list.map((code) => `\`${code}\`: ${errorCodes[code][1]}`).join("\n\n"),
          headers: z.object(requestIdHeader),
          content: {
            "application/json": {
              schema,
              ...(schema === errorSchemas.standard ? { example } : {}),
            },
          },
        },
      ];
    }),
  );
}

const NOT_FOUND: Record<string, ErrorCode> = {
  source_id: "source_not_found",
  site_id: "site_not_found",
  hook_id: "hook_not_found",
  operation_id: "operation_not_found",
  page_id: "page_not_found",
};

/** The route's own shape, the gateway's, or either. */
function errorSchemaOf(shape: ErrorShape, list: readonly ErrorCode[]): z.ZodType {
  const own = list.some((code) => !gatewayErrors.has(code));
  const gateway = shape !== "standard" && list.some((code) => gatewayErrors.has(code));
  if (own && gateway) return z.union([errorSchemas[shape], errorSchemas.standard]);
  return errorSchemas[own ? shape : "standard"];
}

function everywhere(contract: AnyContract): ErrorCode[] {
  const hasInput = Object.keys(contract.query.shape).length > 0 || contract.method === "GET";
  return [
    "malformed_path",
    // A malformed id.
    ...Object.keys(contract.params.shape).flatMap((name) => NOT_FOUND[name] ?? []),
    ...(hasInput || contract.body || contract.idempotent ? (["invalid_request"] as const) : []),
    ...(contract.scope === "public" || contract.scope === "issuer"
      ? ([] as const)
      : (["unauthorized"] as const)),
    ...(contract.scope === "hook" ? ([] as const) : (["foreign_host", "foreign_origin"] as const)),
    "body_too_large",
    "headers_too_large",
    ...(contract.body ? (["malformed_json", "unsupported_media_type"] as const) : []),
    "database_unavailable",
    "timeout",
    "internal_error",
  ];
}
