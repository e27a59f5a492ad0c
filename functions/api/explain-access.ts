import { explainAccess as explain } from "#shared/access/explain/explain-access.ts";
import { explainAccess, REASONS } from "#functions/api/contract/access.ts";
import { httpHandler, route } from "#functions/runtime/http.ts";
import { database } from "#functions/runtime/providers/database.ts";

const HOUR_MS = 60 * 60_000;

/** GET /api/access/explain */
export const handler = httpHandler(
  route(explainAccess)([database], async ({ query }, { sql, now, env }) => {
    const found = await explain(sql, {
      sourceId: query.source_id ?? null,
      pageId: query.page_id,
      accountId: query.account_id ?? null,
      now: now(),
      maxAgeMs: env.ACCESS_MAX_AGE_HOURS * HOUR_MS,
    });
    return {
      status: 200,
      body: {
        source_id: found.sourceId,
        page_id: found.pageId,
        title: found.title,
        mode: found.mode,
        mode_before: found.modeBefore,
        allowed: found.isAllowed,
        reason: found.reason,
        message: `${found.isAllowed ? "Shown" : "Not shown"}: ${REASONS[found.reason]}`,
        verified_at: found.verifiedAt?.toISOString() ?? null,
        directory_verified_at: found.directoryVerifiedAt?.toISOString() ?? null,
        account: found.account && {
          account_id: found.account.accountId,
          is_active: found.account.isActive,
          is_guest: found.account.isGuest,
          groups: found.account.groups,
        },
        clauses: found.clauses.map(
          ({ contentId, title, state, users, groups, classes, verifiedAt, pass }) => ({
            content_id: contentId,
            title,
            state,
            users,
            groups,
            classes,
            verified_at: verifiedAt?.toISOString() ?? null,
            ...pass,
          }),
        ),
      },
    };
  }),
);
