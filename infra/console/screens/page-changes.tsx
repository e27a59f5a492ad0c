import { useMemo } from "preact/hooks";
import type { PageChunk } from "#infra/console/api/types.ts";
import { counted } from "#infra/console/parts/format.ts";
import { diffTexts, type DiffLine } from "#infra/console/parts/text-diff.ts";
import { Loaded, Notice } from "#infra/console/parts/notices.tsx";
import { Ago } from "#infra/console/parts/time.tsx";
import { usePolled } from "#infra/console/state/polled.ts";
import { call } from "#infra/console/state/service.ts";
import type { ShownPage } from "#infra/console/api/types.ts";

/** Chunks of a page that are read at most: a diff of more is not read by anybody. */
const MAX_CHUNKS = 1000;

type Lists = { before: PageChunk[]; after: PageChunk[] };

/** What the page's last change did to its text. */
export function PageChanges({ page }: { page: ShownPage }) {
  const lists = usePolled<Lists | null>(
    `diff ${page.source_id} ${page.page_id} ${page.last_synced_at} ${page.previous?.replaced_at}`,
    async (signal) => {
      if (!page.previous) return null;
      const [before, after] = await Promise.all([
        allChunks(page, "previous", signal),
        allChunks(page, "current", signal),
      ]);
      return { before, after };
    },
    null,
  );
  if (!page.previous)
    return (
      <p class="empty">
        No earlier version is kept: the text has not changed since the page was first stored.
      </p>
    );
  return (
    <>
      <p>
        {page.previous.version === page.version
          ? `The text of version ${page.version} was stored anew, `
          : `Version ${page.previous.version} was replaced by version ${page.version}, `}
        <Ago at={page.previous.replaced_at} />.
      </p>
      <Loaded of={lists} what="both versions">
        {(data) => data && <Difference {...data} />}
      </Loaded>
    </>
  );
}

async function allChunks(
  page: ShownPage,
  of: "previous" | "current",
  signal: AbortSignal,
): Promise<PageChunk[]> {
  const chunks: PageChunk[] = [];
  let cursor: string | undefined;
  do {
    const list = await call("listPageChunks", {
      params: { source_id: page.source_id, page_id: page.page_id },
      query: { of, cursor, visibility: "all", limit: "200" },
      signal,
    });
    chunks.push(...list.chunks);
    cursor = list.next_cursor ?? undefined;
  } while (cursor !== undefined && chunks.length < MAX_CHUNKS);
  return chunks;
}

function Difference({ before, after }: Lists) {
  const lines = useMemo(() => diffTexts(textOf(before), textOf(after)), [before, after]);
  const counts = (list: readonly PageChunk[], change: string) =>
    list.filter((one) => one.change === change).length;
  return (
    <>
      <p class="facts">
        <span>{counted(counts(after, "added"), "chunk")} added</span>
        <span>{counts(before, "removed")} removed</span>
        <span>{counts(after, "kept")} kept, with their embeddings</span>
      </p>
      {lines === null && <Notice>Too much changed to show it line by line.</Notice>}
      {lines && (
        <div class="diff" role="group" aria-label="Difference, removed lines first">
          {lines.map((line, index) => (
            <Line key={index} line={line} />
          ))}
        </div>
      )}
    </>
  );
}

function textOf(chunks: readonly PageChunk[]): string {
  let path = "";
  return chunks
    .map(({ heading_path: headings, content }) => {
      const own = headings.join(" › ");
      const isInText = content.trimStart().startsWith("#");
      const isNew = own !== path && own !== "" && !isInText;
      path = own;
      return isNew ? `§ ${own}\n${content}` : content;
    })
    .join("\n");
}

const SIGNS = { same: " ", added: "+", removed: "−" };

function Line({ line }: { line: DiffLine }) {
  if (line.kind === "gap") return <p class="gap">{counted(line.count, "unchanged line")}</p>;
  const parts = line.parts.map((part, index) =>
    part.changed && line.kind !== "same" ? <b key={index}>{part.text}</b> : part.text,
  );
  return (
    <div class={`line ${line.kind}`}>
      <span class="sign" aria-hidden="true">
        {SIGNS[line.kind]}
      </span>
      {line.kind === "added" && <ins>{parts}</ins>}
      {line.kind === "removed" && <del>{parts}</del>}
      {line.kind === "same" && <span>{parts}</span>}
    </div>
  );
}
