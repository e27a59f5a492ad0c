import type { Change } from "#infra/console/api/types.ts";
import { count, words } from "#infra/console/parts/format.ts";
import { Outside } from "#infra/console/parts/links.tsx";
import { Badge, Loaded } from "#infra/console/parts/notices.tsx";
import type { Tone } from "#infra/console/parts/tone.ts";
import { Pager } from "#infra/console/parts/pager.tsx";
import { Table, type Column } from "#infra/console/parts/table.tsx";
import { Ago } from "#infra/console/parts/time.tsx";
import { place } from "#infra/console/state/location.ts";
import { usePolled } from "#infra/console/state/polled.ts";
import { oneOf, to } from "#infra/console/state/router.ts";
import { kindName } from "./page-states.ts";
import { reasonText } from "./reasons.ts";
import { call } from "#infra/console/state/service.ts";

const RUNNING_MS = 2000;

const TONES: Record<Change["outcome"], Tone> = {
  added: "ok",
  updated: "ok",
  moved: "ok",
  restored: "ok",
  deleted: "quiet",
  hidden: "quiet",
  failed: "bad",
};

// The keys of a constant object are its type's.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const OUTCOMES = Object.keys(TONES) as Change["outcome"][];

/** What an operation did to each page that it changed. */
export function Changes({
  operationId,
  sourceId,
  running,
}: {
  operationId: string;
  sourceId: string;
  running: boolean;
}) {
  const { cursor } = place.value.query;
  const outcome = oneOf(OUTCOMES, place.value.query.outcome);
  const changes = usePolled(
    `changes ${operationId} ${cursor} ${outcome} ${running}`,
    (signal) =>
      call("listChanges", {
        params: { operation_id: operationId },
        query: { cursor, outcome, limit: "100" },
        signal,
      }),
    running ? RUNNING_MS : null,
  );
  return (
    <Loaded of={changes} what="the changes">
      {(data) => (
        <>
          <Table
            caption="Pages that changed"
            columns={columnsFor(sourceId)}
            rows={data.changes}
            keyOf={(one) => `${one.page_id} ${one.outcome}`}
            empty={
              running ? "Nothing so far." : "It changed no page, or what it changed is not kept any more."
            }
          />
          <Pager next={data.next_cursor} shown={data.changes.length} />
        </>
      )}
    </Loaded>
  );
}

const columnsFor = (sourceId: string): readonly Column<Change>[] => [
  {
    head: "Title",
    kind: "main",
    cell: (one) => (
      <>
        <a href={to.page(sourceId, one.page_id, one.outcome === "updated" ? "changes" : undefined)}>
          {one.title}
        </a>{" "}
        {one.error && (
          <small class="why bad-text">
            {words(one.error.code)}: {one.error.message}
          </small>
        )}
        {!one.error && one.reason !== null && <small class="why">{reasonText(one.reason)}</small>}
      </>
    ),
  },
  { head: "Outcome", cell: (one) => <Badge tone={TONES[one.outcome]}>{one.outcome}</Badge> },
  { head: "Kind", cell: (one) => kindName(one.kind) },
  { head: "Chunks added", kind: "number", cell: (one) => count(one.chunks_added) },
  { head: "Removed", kind: "number", cell: (one) => count(one.chunks_removed) },
  { head: "Kept", kind: "number", cell: (one) => count(one.chunks_kept) },
  { head: "Embeddings", kind: "number", cell: (one) => count(one.embeddings_created) },
  { head: "When", cell: (one) => <Ago at={one.at} /> },
  {
    head: <span class="unseen">Confluence</span>,
    label: "",
    kind: "actions",
    cell: (one) => <Outside url={one.url}>{one.url === "" ? "" : "Confluence"}</Outside>,
  },
];
