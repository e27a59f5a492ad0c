import { Loaded } from "#infra/console/parts/notices.tsx";
import { counted } from "#infra/console/parts/format.ts";
import { usePolled } from "#infra/console/state/polled.ts";
import { to } from "#infra/console/state/router.ts";
import { call } from "#infra/console/state/service.ts";
import type { ShownPage } from "#infra/console/api/types.ts";

/** Above this many characters the API returns a notice in place of the text. */
const MAX_CHARACTERS = 20_000;

/** The page's Markdown, as text. */
export function PageText({ page }: { page: ShownPage }) {
  const text = usePolled(
    `text ${page.source_id} ${page.page_id} ${page.last_synced_at}`,
    (signal) =>
      call("getStoredPage", {
        params: { page_id: page.page_id },
        query: { source_id: page.source_id, visibility: "all" },
        signal,
      }),
    null,
  );
  if (page.status !== "current" && page.chunk_count === 0)
    return <p class="empty">No text of this page is stored.</p>;
  return (
    <Loaded of={text} what="the text">
      {(data) => (
        <>
          <p class="facts">
            <span>{counted(data.word_count, "word")}</span>
            <span>{counted(data.char_count, "character")}</span>
          </p>
          {data.char_count > MAX_CHARACTERS && (
            <p>
              The text is too long for one response:{" "}
              <a href={to.page(page.source_id, page.page_id, "chunks")}>its chunks</a> have it.
            </p>
          )}
          <pre class="text">{data.full_content}</pre>
        </>
      )}
    </Loaded>
  );
}
