import type { Page } from "#infra/console/api/types.ts";
import { bytes, count } from "#infra/console/parts/format.ts";
import { Outside } from "#infra/console/parts/links.tsx";
import { Badge, Loaded } from "#infra/console/parts/notices.tsx";
import { Table, type Column } from "#infra/console/parts/table.tsx";
import { Ago } from "#infra/console/parts/time.tsx";
import { usePolled } from "#infra/console/state/polled.ts";
import { to } from "#infra/console/state/router.ts";
import { call } from "#infra/console/state/service.ts";
import type { ShownPage } from "#infra/console/api/types.ts";
import { kindName, pageState, whyOfPage } from "./page-states.ts";

/** What is on a page: files, and its comments as one document. */
export function PageFiles({ page }: { page: ShownPage }) {
  const onPage = usePolled(
    `on ${page.source_id} ${page.page_id} ${page.last_synced_at}`,
    async (signal) => {
      const list = async (kind: "attachment" | "comments") => {
        const query = { kind, container_id: page.page_id, limit: "200" };
        return (await call("listPages", { params: { source_id: page.source_id }, query, signal })).pages;
      };
      const [files, comments] = await Promise.all([list("attachment"), list("comments")]);
      return [...comments, ...files];
    },
    null,
  );
  if (page.container_id !== null)
    return (
      <p>
        It is on <a href={to.page(page.source_id, page.container_id)}>another page</a>.
      </p>
    );
  return (
    <Loaded of={onPage} what="what is on the page">
      {(rows) => (
        <Table
          caption="Files and comments"
          columns={columns}
          rows={rows}
          keyOf={(one) => one.page_id}
          empty="Neither files nor comments on this page are stored."
        />
      )}
    </Loaded>
  );
}

const columns: readonly Column<Page>[] = [
  {
    head: "Title",
    kind: "main",
    cell: (one) => (
      <>
        <a href={to.page(one.source_id, one.page_id)}>{one.title}</a>{" "}
        {whyOfPage(one).map((reason) => (
          <small key={reason.text} class="why">
            {reason.text}
          </small>
        ))}
      </>
    ),
  },
  {
    head: "Kind",
    cell: (one) => (one.kind === "attachment" ? (one.file?.media_type ?? "file") : kindName(one.kind)),
  },
  {
    head: "State",
    cell: (one) => {
      const { tone, text } = pageState(one);
      return <Badge tone={tone}>{text}</Badge>;
    },
  },
  { head: "Size", kind: "number", cell: (one) => (one.file?.bytes ? bytes(one.file.bytes) : "") },
  { head: "Chunks", kind: "number", cell: (one) => count(one.chunk_count) },
  { head: "Edited", cell: (one) => <Ago at={one.modified_at} none="—" /> },
  {
    head: <span class="unseen">Confluence</span>,
    label: "",
    kind: "actions",
    cell: (one) => <Outside url={one.url}>Confluence</Outside>,
  },
];
