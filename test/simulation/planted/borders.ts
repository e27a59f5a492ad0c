import { bugFoundBy, change, type PlantedBug } from "../planted-bugs.ts";

const IDEMPOTENCY = "test/integration/api/idempotency.test.ts";
const TRANSPORT = "test/unit/confluence/http-transport.test.ts";

const BOUNDS = "test/unit/confluence/client-bounds.test.ts";

/** At the borders: who is answered what, and where credentials go. */
export const BORDER_BUGS: readonly PlantedBug[] = [
  bugFoundBy(
    IDEMPOTENCY,
    "a key used for one source replays its response for another",
    change(
      "functions/runtime/idempotency.ts",
      "sha256([event.pathParameters ?? {}, body ?? null])",
      "sha256([body ?? null])",
    ),
  ),
  bugFoundBy(
    IDEMPOTENCY,
    "a key of one route replays for another",
    change("functions/runtime/idempotency.ts", "event.routeKey, given]", "given]"),
  ),
  bugFoundBy(
    IDEMPOTENCY,
    "subjects of a token share their keys",
    change("functions/runtime/caller.ts", "actor: textOf(jwt.claims.sub)", 'actor: ""'),
  ),
  bugFoundBy(
    IDEMPOTENCY,
    "users share their keys",
    change("functions/runtime/caller.ts", "actor: iam.userArn", 'actor: ""'),
  ),
  bugFoundBy(
    IDEMPOTENCY,
    "a request that differs takes over one that was cut off",
    change(
      "shared/requests/idempotent-requests.ts",
      "r.answer is null and (r.fingerprint = ${fingerprint} or r.claimed_at = '-infinity')",
      "r.answer is null",
    ),
  ),
  bugFoundBy(
    IDEMPOTENCY,
    "a completed request is run again",
    change("shared/requests/idempotent-requests.ts", "where r.answer is null and", "where"),
  ),
  bugFoundBy(
    IDEMPOTENCY,
    "a late failure releases another's claim",
    change("shared/requests/idempotent-requests.ts", " and claimed_at = ${claimedAt}", ""),
  ),
  bugFoundBy(
    IDEMPOTENCY,
    "a request that failed is repeated under another id",
    change(
      "shared/requests/idempotent-requests.ts",
      "case when r.fingerprint = excluded.fingerprint then r.resource_id else excluded.resource_id end",
      "excluded.resource_id",
    ),
  ),
  bugFoundBy(
    "test/integration/api/sites.test.ts",
    "a site that a failed request took over is refused to the same request",
    change("shared/sites/insert-site.ts", "in (c.site_id, c.secret_bound_to)", "= c.site_id"),
  ),
  bugFoundBy(
    TRANSPORT,
    "a redirect to another port is followed",
    change(
      "shared/confluence/http-transport.ts",
      "if (target?.origin === from.origin) return target;",
      "if (target?.protocol === from.protocol && target.hostname === from.hostname) return target;",
    ),
  ),
  bugFoundBy(
    TRANSPORT,
    "a redirect to http is followed",
    change(
      "shared/confluence/http-transport.ts",
      "if (target?.origin === from.origin) return target;",
      "if (target?.host === from.host) return target;",
    ),
  ),
  bugFoundBy(
    BOUNDS,
    "a next link to another port is followed",
    change(
      "shared/confluence/next-cursor.ts",
      "new URL(origin).origin === url.origin",
      "new URL(origin).hostname === url.hostname",
    ),
  ),
  bugFoundBy(
    BOUNDS,
    "an anonymous response with an account id is accepted as that account",
    change(
      "shared/confluence/cloud-client.ts",
      'user.type === "anonymous" ? null : (user.accountId ?? null)',
      "user.accountId ?? null",
    ),
  ),
  bugFoundBy(
    BOUNDS,
    "a truncated list of labels is treated as complete",
    change("shared/confluence/page-mapping.ts", "labels && !labels._links?.next ?", "labels ?"),
  ),
];
