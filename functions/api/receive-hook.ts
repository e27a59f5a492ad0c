import { receiveHook } from "./contract/hooks.ts";
import { UserError } from "#shared/errors.ts";
import { MAX_DELIVERED_PAGES, readDelivery, type Delivery } from "#shared/hooks/delivery.ts";
import { authenticateDelivery, countDelivery, countMalformed } from "#shared/hooks/hooks.ts";
import { addHints, locatePages } from "#shared/syncs/hints/page-hints.ts";
import { startHinted } from "#shared/syncs/hints/start-hinted.ts";
import { httpHandler, route } from "#functions/runtime/http.ts";
import { database } from "#functions/runtime/providers/database.ts";
import { taskQueue } from "#functions/runtime/providers/task-queue.ts";

/** Sources whose pages are asked for at once; the minute's schedule starts those of a delivery that names more. */
const MAX_STARTED = 10;

/** POST /hooks/confluence/{hook_id}: records which pages are said to have changed, and starts asking for them. */
export const handler = httpHandler(
  route(receiveHook)([database, taskQueue], async ({ params, query, headers, readBody }, services) => {
    const { sql, now, log } = services;
    const hookId = params.hook_id;
    const secret = headers["x-hook-secret"] ?? bearerOf(headers.authorization) ?? query.token;
    const { siteId } = await authenticateDelivery(sql, { hookId, secret, now: now() });
    const { pageIds, spaceKey } = await readCounted(readBody, () => countMalformed(sql, hookId));
    const { located, unknown } = await locatePages(sql, { siteId, pageIds, spaceKey });
    await addHints(sql, located, { reason: "hook", hookId, atOnce: false, now: now() });
    await countDelivery(sql, { hookId, pages: pageIds.length, unknown, now: now() });
    const sourceIds = [...new Set(located.map((page) => page.sourceId))];
    // The hints are stored: what cannot be started now is started within a minute.
    await startHinted(services, { sourceIds, limit: MAX_STARTED }).catch((error: unknown) =>
      log.warn("request.failed", { hook_id: hookId, error }),
    );
    return { status: 202, body: { accepted: pageIds.length, unknown } };
  }),
);

function bearerOf(authorization: string | undefined): string | undefined {
  return /^Bearer (.+)$/i.exec(authorization ?? "")?.[1]?.trim();
}

async function readCounted(readBody: () => unknown, count: () => Promise<void>): Promise<Delivery> {
  try {
    const delivery = readDelivery(readBody());
    const { length } = delivery.pageIds;
    if (length <= MAX_DELIVERED_PAGES) return delivery;
    throw new UserError(
      422,
      "too_many_pages",
      `Too many pages in one delivery (${length}, maximum ${MAX_DELIVERED_PAGES}): none was accepted`,
    );
  } catch (error) {
    await count();
    throw error;
  }
}
