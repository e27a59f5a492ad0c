import type { ConfluenceClient, ConfluenceUser } from "#shared/confluence/client.ts";
import { PermanentError } from "#shared/errors.ts";
import type { Source } from "#shared/sources/sources.ts";

/**
 * Returns the account behind the credentials if it is the one that the source was created with. For unknown credentials
 * Confluence returns 200 with only the public pages (nango pull request 3961): such a response is never used.
 * Throws PermanentError `credentials_rejected` (anonymous) or `account_changed`.
 */
export async function verifyAccount(
  client: Pick<ConfluenceClient, "currentUser">,
  source: Pick<Source, "accountId">,
): Promise<ConfluenceUser> {
  const user = await client.currentUser();
  if (user.accountId === null) {
    throw new PermanentError(
      "credentials_rejected",
      "Confluence treated the request as anonymous: the API token is invalid",
    );
  }
  if (user.accountId !== source.accountId) {
    throw new PermanentError(
      "account_changed",
      "The token belongs to a different account than the one this source was created with; it may see other pages. Set the token again (PATCH) to accept the new account",
    );
  }
  return user;
}

/** Throws PermanentError `space_unavailable` unless the space is visible and is the one that the source was created with. */
export async function verifySpace(client: ConfluenceClient, source: Source): Promise<void> {
  const space = await client.space(source.spaceKey);
  if (!space || space.id !== source.spaceId) {
    throw new PermanentError(
      "space_unavailable",
      `Space ${source.spaceKey} is gone or not visible to the account. No indexed pages were deleted`,
    );
  }
}
