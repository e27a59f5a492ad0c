import { PermanentError, RateLimitedError, TransientError } from "#shared/errors.ts";
import { getSource, type Source } from "#shared/sources/sources.ts";
import { countAside } from "./count-aside.ts";
import { recordDrift } from "./drift.ts";
import { failingAfter, recordFailing, retryFields } from "./failing.ts";
import { finishOperation } from "./finish-operation.ts";
import { claimOperation, ClaimLostError, holdsClaim, releaseOperation } from "./claims.ts";
import { failOperation } from "./fail-operation.ts";
import type { Operation } from "./operation.ts";
import { sendOperation } from "./send-operation.ts";
import { later } from "#shared/syncs/later.ts";
import { openSite, type SiteServices, type SyncServices } from "#shared/syncs/sync-services.ts";
import type { Step, StepContext } from "./step.ts";
import { pause, retryDelayMs, slowDownNearLimit } from "./waiting.ts";
import { sendWork } from "./send-work.ts";

/** A step may take two Confluence timeouts; with less time left the next invocation runs it. */
const STEP_RESERVE_MS = 20_000;
/** Consecutive failures of a step before the operation fails: with the delays between them about an hour. */
const MAX_STEP_FAILURES = 8;
const SPACE_CALL = /\/api\/v2\/spaces$/;

/**
 * Continues an operation's listing until it is done or `remainingMs` runs low, then sends a message for the rest.
 * Does nothing for an operation that has ended, or that another worker has claimed.
 */
export async function runOperation(
  operationId: string,
  step: Step,
  services: SyncServices & SiteServices,
  invocation: { remainingMs: () => number },
): Promise<void> {
  const operation = await claimOperation(services.sql, operationId, services.now());
  if (!operation) return;
  const source = await getSource(services.sql, operation.sourceId);
  if (!source || source.status === "deleting") return;
  if (operation.failures > MAX_STEP_FAILURES) {
    const message = "Repeated crash or internal error at the same step";
    await failOperation(operationId, new PermanentError("worker_died", message), services);
    return;
  }
  if (source.pausedUntil && source.pausedUntil > services.now()) {
    await resumeLater(operation, source.pausedUntil, services);
    return;
  }
  let context: StepContext | undefined;
  try {
    const client = await openSite(services, source);
    context = { operation, source, client, services, callsCounted: 0, hasOpenWork: false, afterCommit: [] };
    let result: Awaited<ReturnType<Step>> = "more";
    let slowDown: Date | null = null;
    while (result === "more" && slowDown === null && invocation.remainingMs() > STEP_RESERVE_MS) {
      result = await step(context);
      slowDown = await slowDownNearLimit(client, source, services);
      for (const apply of context.afterCommit.splice(0)) apply();
      if (context.hasOpenWork) await sendWork(services, operation, services.now());
    }
    if (result === "listed") await closeListing(context.operation, services);
    else await resumeLater(context.operation, result === "more" ? slowDown : result.notBefore, services);
  } catch (error) {
    const limited = context?.client.rateLimitedCalls() ?? 0;
    await settleFailure({ error, limited }, context?.operation ?? operation, source, services);
  } finally {
    if (context) await recordDrift(context.client, operation, services);
  }
}

async function closeListing(operation: Operation, services: SyncServices): Promise<void> {
  const now = services.now();
  await services.sql`
    update archon_progress set status = 'processing', listed_at = ${now}, claimed_until = null, updated_at = ${now}
    where operation_id = ${operation.operationId} and status = 'listing' and claimed_until = ${operation.claimedUntil}`;
  await finishOperation(operation.operationId, services);
}

async function resumeLater(
  operation: Operation,
  notBefore: Date | null,
  services: SyncServices,
): Promise<void> {
  await releaseOperation(services.sql, operation, notBefore);
  await sendOperation(operation, services, notBefore);
}

/**
 * By remedy: wait as requested, retry later, or end the operation with the reason. Internal errors are retried by SQS. `limited`: calls of
 * this invocation that were answered with 429.
 */
async function settleFailure(
  { error: thrown, limited }: { error: unknown; limited: number },
  operation: Operation,
  source: Source,
  services: SyncServices,
): Promise<void> {
  const now = services.now();
  let error = thrown;
  if (error instanceof ClaimLostError) return;
  if (error instanceof RateLimitedError) {
    const until = await pause(source, error, services);
    if (!(await holdsClaim(services.sql, operation))) return;
    await countAside(services.sql, operation.operationId, {
      rate_limited_calls: limited,
      embedding_tokens: 0,
    });
    await resumeLater(operation, until, services);
    return;
  }
  const known = error instanceof PermanentError || error instanceof TransientError;
  // Another worker took the operation over and decides how it ends.
  if (known && !(await holdsClaim(services.sql, operation))) return;
  if (error instanceof PermanentError) error = refusalOf(error);
  if (error instanceof PermanentError) {
    const retry = await failOperation(operation.operationId, error, services, source);
    if (retry === null) return;
    error = retry;
  }
  const failures = operation.failures + 1;
  if (!(error instanceof TransientError)) {
    // The claim is kept until it expires: the next attempt is made after that. The database itself may be at fault.
    const state = failingAfter(error, failures, MAX_STEP_FAILURES + 1, operation.claimedUntil ?? now);
    await recordFailing(services.sql, operation.operationId, state, { now }).catch(() => {});
    throw error;
  }
  if (failures > MAX_STEP_FAILURES) {
    await failOperation(operation.operationId, error, services);
    return;
  }
  const nextAttempt = later(now, retryDelayMs(failures, services.random));
  await services.sql`
    update archon_progress set failures = ${failures}
    where operation_id = ${operation.operationId} and claimed_until = ${operation.claimedUntil}`;
  const state = failingAfter(error, failures, MAX_STEP_FAILURES + 1, nextAttempt);
  await recordFailing(services.sql, operation.operationId, state, { now });
  services.log.warn("operation.retrying", {
    source_id: source.sourceId,
    operation_id: operation.operationId,
    ...retryFields(error, state),
  });
  await resumeLater(operation, nextAttempt, services);
}

/**
 * "Forbidden" or "not found" in response to the call for the space: the account cannot access it. In response to another call it says
 * nothing about the space, which would be tried again a day later: the step is repeated, like one that Confluence fails at.
 */
function refusalOf(error: PermanentError): PermanentError | TransientError {
  if (error.code !== "forbidden" && error.code !== "not_found") return error;
  const path = String(error.details?.path);
  if (!SPACE_CALL.test(path))
    return new TransientError(error.code, `${error.message} (${path})`, {
      cause: error,
      details: { ...error.details },
    });
  return new PermanentError(
    "space_unavailable",
    `The account cannot access the space. No indexed pages were deleted (${error.message})`,
    {
      cause: error,
    },
  );
}
