import type { Fault } from "./faults.ts";
import { v1Error, v2Error, type JsonResponse } from "./responses.ts";
import type { Site } from "./site.ts";

/** The response when the fault replaces it whole; null when the endpoint responds, though perhaps spoiled or late. */
export function failureOf(
  site: Site,
  fault: Fault | null,
  { path, headers }: { path: string; headers: Record<string, string> },
): JsonResponse | null {
  if (fault?.effect === "hang" || fault?.effect === "reset") {
    return { status: 0, headers, body: "", connection: fault.effect };
  }
  if (fault?.effect === "not_json") {
    const body = "<!doctype html><title>Please wait</title>";
    return { status: 200, headers: { ...headers, "content-type": "text/html" }, body };
  }
  if (fault?.effect === "redirect") {
    return { status: 302, headers: { ...headers, location: fault.location }, body: "" };
  }
  if (fault?.effect === "scope_missing") return scopeMissing(headers, fault.said_in);
  if (fault?.effect !== "rate_limit" && fault?.effect !== "status") return null;
  const status = fault.effect === "status" ? fault.status : 429;
  const reply = path.startsWith("/wiki/api/v2/")
    ? v2Error(status, "Simulated error")
    : v1Error(status, "Simulated error");
  return {
    status,
    headers: { ...headers, ...retryAfter(site, fault.retry_after) },
    body: JSON.stringify(reply.json),
  };
}

/** The header and the body that say so; where only one does, the other is that of any 401. */
function scopeMissing(headers: Record<string, string>, saidIn: "header" | "body" | "both"): JsonResponse {
  const message = saidIn === "header" ? "Unauthorized" : "Unauthorized; scope does not match";
  return {
    status: 401,
    headers: saidIn === "body" ? headers : { ...headers, "x-failure-category": "FAILURE_CLIENT_SCOPE_CHECK" },
    body: JSON.stringify({ code: 401, message }),
  };
}

function retryAfter(
  site: Site,
  value: string | number | { date_in_seconds: number } | null,
): Record<string, string> {
  if (value === null) return {};
  if (typeof value !== "object") return { "retry-after": String(value) };
  const date = new Date(site.now().getTime() + value.date_in_seconds * 1000);
  return { "retry-after": date.toUTCString() };
}
