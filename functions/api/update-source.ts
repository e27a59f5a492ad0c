import { isDeepStrictEqual } from "node:util";
import { syncedKinds } from "#shared/content-kinds.ts";
import type { Sql } from "#shared/db/connect.ts";
import { followAccess } from "#shared/access/sweeps/access-changes.ts";
import { touchAllComments } from "#shared/documents/comments.ts";
import { removeUnsyncedKinds } from "#shared/documents/unsynced-kinds.ts";
import { UserError } from "#shared/errors.ts";
import type { Source, SourceChanges } from "#shared/sources/source.ts";
import { requireSource, updateSource as storeChanges } from "#shared/sources/sources.ts";
import { updateSource } from "#functions/api/contract/sources.ts";
import { checkSite, explain } from "./use-cases/check-site.ts";
import { connectAccount } from "./use-cases/connect-account.ts";
import { storedToken } from "./use-cases/stored-token.ts";
import { requireOverview } from "./use-cases/require-source.ts";
import { sourceJson } from "./responses/source-json.ts";
import { httpHandler, route } from "#functions/runtime/http.ts";
import { confluence } from "#functions/runtime/providers/confluence.ts";
import { database } from "#functions/runtime/providers/database.ts";
import { tokenCipher } from "#functions/runtime/providers/token-cipher.ts";
import type { Services } from "#functions/runtime/services.ts";

/** PATCH /api/confluence/{source_id}: credentials are tried before they are stored. */
export const handler = httpHandler(
  route(updateSource)([database, confluence, tokenCipher], async ({ params, body }, services) => {
    const { sql, now } = services;
    const source = await requireSource(sql, params.source_id);
    const { access = source.access, verify = source.verify } = body;
    if (verify === "live" && access !== "per_user")
      throw new UserError(
        400,
        "invalid_request",
        'verify "live" needs access "per_user": send verify "stored" with another access',
      );
    const credentials =
      body.api_token === undefined && body.email === undefined
        ? {}
        : await tryCredentials(source, { email: body.email, apiToken: body.api_token }, services);
    const content = { ...source.content, ...body.content };
    const kinds: readonly string[] = syncedKinds(content);
    const changesContent = !isDeepStrictEqual(content, source.content);
    const changes: SourceChanges = {
      ...credentials,
      ...(changesContent ? { content } : {}),
      ...(body.access === undefined ? {} : { access: body.access }),
      ...(body.unreadable_containers === undefined
        ? {}
        : { unreadableContainers: body.unreadable_containers }),
      ...(body.verify === undefined ? {} : { verify: body.verify }),
      ...(body.title === undefined ? {} : { title: body.title }),
      ...(body.sync_interval_minutes === undefined
        ? {}
        : { syncIntervalMinutes: body.sync_interval_minutes }),
      metadata: {
        ...(body.deletion_strategy === undefined ? {} : { deletion_strategy: body.deletion_strategy }),
        // What is listed right now counts unless kinds really change.
        ...(changesContent
          ? {
              content_changed_at: now().toISOString(),
              listed_kinds: source.metadata.listed_kinds.filter((kind) => kinds.includes(kind)),
            }
          : {}),
      },
    };
    const first = (tx: Sql) => followAccess(tx, source.sourceId, changes, now());
    await storeChanges(sql, source.sourceId, { ...changes, first }, now());
    if (content.comments !== source.content.comments) await touchAllComments(sql, source.sourceId);
    if (body.content !== undefined) await removeUnsyncedKinds(sql, { sourceId: source.sourceId, now: now() });
    return { status: 200, body: sourceJson(await requireOverview(sql, source.sourceId)) };
  }),
);

/** The changes that make the source use these credentials, once they were checked against its space. */
async function tryCredentials(
  source: Source,
  given: { email: string | null | undefined; apiToken: string | undefined },
  services: Pick<Services, "cipher" | "confluence" | "now">,
): Promise<SourceChanges> {
  const stored = { ciphertext: source.encryptedToken, boundTo: source.tokenBoundTo };
  const apiToken = given.apiToken ?? (await storedToken(stored, services.cipher));
  const email = given.email === undefined ? source.email : given.email;
  const { client, apiBase } = await explain(email, () =>
    connectAccount({ baseUrl: source.baseUrl, email, apiToken }, services),
  );
  const { account, space, refusedCalls } = await checkSite(client, {
    spaceKey: source.spaceKey,
    email,
    now: services.now,
  });
  if (space.id !== source.spaceId) {
    throw new UserError(
      422,
      "space_changed",
      `The key ${source.spaceKey} now belongs to another space than this source was created with: add it as a new source`,
    );
  }
  return {
    credentials: {
      accountId: account.accountId,
      email,
      apiBase,
      encryptedToken: await services.cipher.encrypt(apiToken, source.sourceId),
      boundTo: source.sourceId,
      isSameToken: given.apiToken === undefined,
    },
    status: "active",
    refusedCalls,
  };
}
