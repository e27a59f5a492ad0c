import { createHash } from "node:crypto";
import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { UserError } from "#shared/errors.ts";
import { claimRequest, releaseRequest, rememberResponse } from "#shared/requests/idempotent-requests.ts";
import { callerOf } from "./caller.ts";
import type { HttpResponse } from "./http-errors.ts";
import type { Services } from "./services.ts";

/** Printable ASCII, as the IETF draft "The Idempotency-Key HTTP Header Field" asks for; long enough for any kind of id. */
const KEY = /^[\x21-\x7e]{1,255}$/;

/**
 * Runs a request once for each Idempotency-Key: repeated, it gets the first response, with `Idempotency-Replayed: true`. Only
 * responses without an error are kept. After an error the key may be tried again: the same request finds what it had already created.
 */
export async function respondOnce(
  event: APIGatewayProxyEventV2,
  body: unknown,
  services: Pick<Services, "now" | "newId"> & Partial<Pick<Services, "sql">>,
  run: (resourceId: string) => Promise<HttpResponse>,
): Promise<HttpResponse> {
  const given = event.headers["idempotency-key"];
  if (given === undefined || !services.sql) return run(services.newId());
  if (!KEY.test(given)) {
    throw new UserError(
      400,
      "invalid_request",
      "Idempotency-Key must be 1 to 255 printable ASCII characters",
    );
  }
  const { sql, now } = services;
  // Keys of different callers have nothing to do with each other.
  const key = sha256([callerOf(event).actor, event.routeKey, given]);
  const fingerprint = sha256([event.pathParameters ?? {}, body ?? null]);
  const claimedAt = now();
  const claim = await claimRequest(sql, { key, fingerprint, resourceId: services.newId(), now: claimedAt });
  if (claim.outcome === "reused") {
    throw new UserError(
      422,
      "idempotency_key_reused",
      "This Idempotency-Key was used for a different request",
    );
  }
  if (claim.outcome === "in_progress") {
    throw new UserError(
      409,
      "request_in_progress",
      "A request with this Idempotency-Key is still being processed",
    );
  }
  if (claim.outcome === "completed") {
    const { response } = claim;
    return { ...response, headers: { ...response.headers, "idempotency-replayed": "true" } };
  }
  const response = await run(claim.resourceId).catch(async (error: unknown) => {
    await releaseRequest(sql, { key, claimedAt });
    throw error;
  });
  await rememberResponse(sql, key, response);
  return response;
}

function sha256(parts: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
