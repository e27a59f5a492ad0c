import { parseBaseUrl } from "#shared/confluence/address-guard.ts";
import { UserError } from "#shared/errors.ts";
import { insertSource } from "#shared/sources/sources.ts";
import { createSource } from "#functions/api/contract/sources.ts";
import { checkSite, explain } from "./use-cases/check-site.ts";
import { connectAccount } from "./use-cases/connect-account.ts";
import { requireOverview } from "./use-cases/require-source.ts";
import { sourceJson } from "./responses/source-json.ts";
import { httpHandler, route } from "#functions/runtime/http.ts";
import { confluence } from "#functions/runtime/providers/confluence.ts";
import { database } from "#functions/runtime/providers/database.ts";
import { embedder } from "#functions/runtime/providers/embedder.ts";
import { tokenCipher } from "#functions/runtime/providers/token-cipher.ts";

/** POST /api/confluence/sources: stores a source once its account and space were checked with Confluence. */
export const handler = httpHandler(
  route(createSource)([database, confluence, tokenCipher, embedder], async (request, services) => {
    const { body, resourceId: sourceId } = request;
    const { sql, env, now } = services;
    const baseUrl = parseBaseUrl(body.base_url, {
      allowedHosts: env.ALLOWED_HOSTS,
      allowLoopback: env.ALLOW_LOOPBACK,
    });
    const email = body.email ?? null;
    const { client, apiBase } = await explain(email, () =>
      connectAccount({ baseUrl, email, apiToken: body.api_token }, services),
    );
    const checked = await checkSite(client, { spaceKey: body.space_key, email, now });
    const { account, space, pageCount, webBase, refusedCalls } = checked;
    const source = {
      sourceId,
      title: body.title ?? space.name,
      baseUrl,
      apiBase,
      spaceKey: space.key,
      spaceId: space.id,
      spaceName: space.name,
      accountId: account.accountId,
      email,
      encryptedToken: await services.cipher.encrypt(body.api_token, sourceId),
      syncIntervalMinutes: body.sync_interval_minutes ?? null,
      searchLanguage: body.search_language,
      content: body.content,
      access: body.access,
      unreadableContainers: body.unreadable_containers,
      verify: body.verify,
      embeddingModel: services.embedder.model,
      deletionStrategy: body.deletion_strategy,
      webBase,
      refusedCalls,
    };
    await insertSource(sql, source, now()).catch((error: unknown) => {
      // The same request, interrupted after it had stored this source.
      if (!(error instanceof UserError && error.details?.source_id === sourceId)) throw error;
    });
    return {
      status: 201,
      headers: { location: `/api/confluence/${sourceId}` },
      body: {
        ...sourceJson(await requireOverview(sql, sourceId)),
        account: { account_id: account.accountId, display_name: account.displayName },
        confluence_page_count: pageCount,
      },
    };
  }),
);
