import { UserError } from "#shared/errors.ts";
import { notProvidedRoutes } from "#functions/api/contract/archon-not-provided.ts";
import { httpHandler, route } from "#functions/runtime/http.ts";

/** Archon's endpoints that this service does not implement: 501 with the reason. */
export const handler = httpHandler(
  ...notProvidedRoutes.map((contract) =>
    route(contract)([], async () => {
      throw new UserError(
        501,
        "not_provided",
        `${contract.summary}. This service syncs Confluence spaces: POST /api/confluence/sources adds one`,
      );
    }),
  ),
);
