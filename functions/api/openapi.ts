import { makeDocument } from "#functions/api/contract/document.ts";
import { openapi } from "#functions/api/contract/service.ts";
import { httpHandler, route } from "#functions/runtime/http.ts";

let document: ReturnType<typeof makeDocument> | undefined;

/** GET /openapi.json: made once a cold start, from the contracts that validate requests and responses. */
export const handler = httpHandler(
  route(openapi)([], async () => ({
    status: 200,
    body: { ...(document ??= makeDocument()) },
  })),
);
