import { getAttachmentById } from "confluence.js/v2";
import { errorCode } from "#shared/errors.ts";
import type { Caller } from "./call-confluence.ts";
import type { ConfluenceClient } from "./client.ts";
import { MORE_TRIES, RETRY_BUDGET_MS, type makeTransport } from "./http-transport.ts";
import { attachmentSchema } from "./schemas.ts";

/** The calls for one file, beside the search that lists files. `now`: in milliseconds. */
export function fileCalls(
  { ask }: Caller,
  transport: ReturnType<typeof makeTransport>,
  now: () => number,
): Pick<ConfluenceClient, "attachment" | "attachmentAddress"> {
  return {
    async attachment(id) {
      try {
        const found = await ask(attachmentSchema, (client) => getAttachmentById(client, { id }));
        const { status, pageId, blogPostId } = found;
        return { status, containerId: pageId ?? blogPostId ?? null };
      } catch (error) {
        if (errorCode(error) === "not_found") return null;
        throw error;
      }
    },

    // The link in every file's `_links.download` answers 401 to API tokens (Atlassian's changes 2735 and 3007 of 2026).
    async attachmentAddress({ containerId, id, version }) {
      const [container, file] = [containerId, id].map(encodeURIComponent);
      const url = `/wiki/rest/api/content/${container}/child/attachment/${file}/download`;
      return transport.redirect(
        { method: "GET", url, searchParams: { version } },
        MORE_TRIES,
        now() + RETRY_BUDGET_MS,
      );
    },
  };
}
