import type { PageChunk } from "#infra/console/api/types.ts";
import { count } from "#infra/console/parts/format.ts";
import { Badge, Loaded } from "#infra/console/parts/notices.tsx";
import { Pager } from "#infra/console/parts/pager.tsx";
import { place } from "#infra/console/state/location.ts";
import { usePolled } from "#infra/console/state/polled.ts";
import { call } from "#infra/console/state/service.ts";
import type { ShownPage } from "#infra/console/api/types.ts";

/** The chunks that search finds, in order, with their sizes. */
export function PageChunks({ page }: { page: ShownPage }) {
  const { cursor } = place.value.query;
  const chunks = usePolled(
    `chunks ${page.source_id} ${page.page_id} ${page.last_synced_at} ${cursor}`,
    (signal) =>
      call("listPageChunks", {
        params: { source_id: page.source_id, page_id: page.page_id },
        query: { cursor, visibility: "all", limit: "50" },
        signal,
      }),
    null,
  );
  return (
    <Loaded of={chunks} what="the chunks">
      {(data) => (
        <>
          {data.chunks.length === 0 && <p class="empty">The page has no chunks.</p>}
          {data.chunks.map((chunk) => (
            <Chunk key={chunk.chunk_number} chunk={chunk} />
          ))}
          <Pager next={data.next_cursor} shown={data.chunks.length} />
        </>
      )}
    </Loaded>
  );
}

function Chunk({ chunk }: { chunk: PageChunk }) {
  return (
    <article class="chunk">
      <header class="facts">
        <strong>{chunk.chunk_number + 1}</strong>
        <span class="path">{chunk.heading_path.join(" › ") || "before the first heading"}</span>
        <span>{count(chunk.tokens)} tokens</span>
        <span>{count(chunk.characters)} characters</span>
        {chunk.change === "added" && <Badge tone="ok">new in the last change</Badge>}
      </header>
      <pre class="text">{chunk.content}</pre>
    </article>
  );
}
