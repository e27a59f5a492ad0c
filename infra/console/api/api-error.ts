/** What the service responded instead of a result, or why it did not respond (`service_unreachable`, status 0). */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly requestId: string | null;
  readonly details: Record<string, unknown>;
  /** Seconds after which trying again makes sense. */
  readonly retryAfter: number | null;

  constructor(
    status: number,
    { code, message, details = {} }: { code: string; message: string; details?: Record<string, unknown> },
    { requestId = null, retryAfter = null }: { requestId?: string | null; retryAfter?: number | null } = {},
  ) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.requestId = requestId;
    this.details = details;
    this.retryAfter = retryAfter;
  }
}

/** The error in a response's body, in each of the API's shapes; API Gateway's own have a `message` only. */
export function readError(response: Response, body: unknown): ApiError {
  const outer = asRecord(body);
  const inner = asRecord(typeof outer.error === "object" ? outer.error : outer.error_details);
  const message = [inner.message, outer.message].find((text) => typeof text === "string");
  const retryAfter = Number(response.headers.get("retry-after"));
  return new ApiError(
    response.status,
    {
      code: typeof inner.code === "string" ? inner.code : `http_${response.status}`,
      message: message ?? `The service responded with HTTP ${response.status}`,
      details: asRecord(inner.details),
    },
    {
      requestId: response.headers.get("x-request-id") ?? response.headers.get("apigw-requestid"),
      retryAfter: retryAfter > 0 ? retryAfter : null,
    },
  );
}

/** Whatever was thrown, as something to show. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new ApiError(0, { code: "console_failed", message });
}

/** Whether the service lacks the route: it is of an earlier release than the console. */
export function isMissingRoute(error: ApiError | null): boolean {
  return error?.code === "route_not_found" || error?.code === "method_not_allowed";
}

const REMEDIES: Record<string, string> = {
  service_unreachable: "Check that the service runs. The console tries again by itself.",
  unauthorized: "Enter the service's API key.",
  scope_required: "Use a key or a role that has the scope.",
  operation_running: "Wait until the running operation has ended, or cancel it.",
  credentials_rejected: "Create a new API token in Atlassian and enter it with the e-mail of its account.",
  credentials_forbidden: "Give the account access to the Confluence site.",
  database_unavailable: "The console tries again by itself. If it stays, check the database.",
  embedding_unavailable: "Try again. If it stays, check the embedding model's service.",
  internal_error: "Find the request id in the service's log.",
  identity_required: "Choose for whom to search, or “everything, whoever may see it”.",
  unknown_identity: "Check the account id or e-mail.",
  site_exists: "The account has another connection to this site: enter its token at a source of that one.",
  route_not_found: "The service is of an earlier release than the console: upgrade it.",
  source_not_found: "Go back to the list of sources.",
  operation_not_found: "It is older than operations are kept, or was never there.",
};

/** What shows page text to operators needs it; of the callers that sign with AWS credentials only those named at deployment have it. */
const SEARCH_ALL =
  "Use a key or a token that has it. On AWS, deploy with `-c searchAllCallers=ARN`, the user or role whose credentials sign the calls.";

type Failure = Pick<ApiError, "code" | "status"> & Partial<Pick<ApiError, "details">>;

/** What a person can do about it, in a sentence; null where the message says it. */
export function remedyFor({ code, status, details }: Failure): string | null {
  if (code === "scope_required" && details?.scope === "search:all") return SEARCH_ALL;
  const known = REMEDIES[code];
  if (known) return known;
  return status >= 500 ? "Try again. If it stays, find the request id in the service's log." : null;
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
