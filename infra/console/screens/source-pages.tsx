import { useEffect, useRef, useState } from "preact/hooks";
import type { Page, Source } from "#infra/console/api/types.ts";
import { Button } from "#infra/console/parts/button.tsx";
import { bytes, count, counted, words } from "#infra/console/parts/format.ts";
import { Outside } from "#infra/console/parts/links.tsx";
import { Badge, Loaded } from "#infra/console/parts/notices.tsx";
import { Pager } from "#infra/console/parts/pager.tsx";
import { selectionColumn, type Selection } from "#infra/console/parts/selection-column.tsx";
import { Table, type Column } from "#infra/console/parts/table.tsx";
import { Ago, AsOf } from "#infra/console/parts/time.tsx";
import { place, setQuery } from "#infra/console/state/location.ts";
import { usePolled } from "#infra/console/state/polled.ts";
import { oneOf, to } from "#infra/console/state/router.ts";
import { call } from "#infra/console/state/service.ts";
import {
  FILE_RESULTS,
  kindName,
  kindNames,
  KINDS,
  PAGE_STATES,
  pageState,
  whyOfPage,
} from "./page-states.ts";
import { RetryNotice, useRetry, type Retry } from "./retry-notice.tsx";
import { retryTarget } from "./retry-pages.ts";

const EVERY_MS = 5000;
/** Milliseconds without a letter before a search by title starts. */
const TYPING_MS = 250;

/** Pages of a source by state, kind and title, each with why it is as it is; failed ones can be tried again. */
export function SourcePages({ source }: { source: Source }) {
  const id = source.source_id;
  const { query } = place.value;
  const [selected, select] = useState<ReadonlySet<string>>(new Set());
  const pages = usePolled(
    `pages ${id} ${JSON.stringify(query)}`,
    (signal) =>
      call("listPages", {
        params: { source_id: id },
        query: {
          status: oneOf(PAGE_STATES, query.status),
          kind: oneOf(KINDS, query.kind),
          file_result: query.kind === "attachment" ? oneOf(FILE_RESULTS, query.file) : undefined,
          reason: query.reason,
          q: query.q,
          cursor: query.cursor,
          limit: "50",
        },
        signal,
      }),
    EVERY_MS,
  );
  const retry = useRetry(id, () => {
    select(new Set());
    pages.refresh();
  });
  const shown = pages.data?.pages ?? [];
  const chosen = shown.filter((page) => selected.has(page.page_id));
  return (
    <>
      <Filters />
      <RetryNotice retry={retry} />
      {chosen.length > 0 && (
        <p class="buttons selection">
          <span>{counted(chosen.length, "page")} selected</span>
          <Button
            sending={retry.sending}
            onClick={() => void retry.run(chosen.flatMap((page) => retryTarget(page) ?? []))}
          >
            Sync again
          </Button>
          <Button onClick={() => select(new Set())}>Clear</Button>
        </p>
      )}
      <Loaded of={pages} what="the pages">
        {(data) => (
          <>
            <Table
              caption="Pages"
              columns={columnsFor({ shown, selection: { selected, select }, retry })}
              rows={data.pages}
              keyOf={(page) => page.page_id}
              empty={isFiltered(query) ? "No page matches these filters." : "No page is stored yet."}
            />
            <Pager next={data.next_cursor} shown={data.pages.length} />
            <AsOf of={pages} />
          </>
        )}
      </Loaded>
    </>
  );
}

function isFiltered({ status, kind, reason, q }: Readonly<Record<string, string>>): boolean {
  return Boolean(status ?? kind ?? reason ?? q);
}

function Filters() {
  const { query } = place.value;
  const filter = query.q ?? "";
  const [typed, setTyped] = useState(filter);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const sent = useRef(filter);
  useEffect(() => {
    // A link or the history changed it, not what is typed here.
    if (sent.current === filter) return;
    clearTimeout(timer.current);
    sent.current = filter;
    setTyped(filter);
  }, [filter]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const search = (q: string) => {
    sent.current = q;
    setQuery({ q, cursor: null }, { replace: true });
  };
  const choice = (name: string, label: string, values: readonly string[], all: string) => (
    <label>
      {label}
      <select
        value={query[name] ?? ""}
        onChange={(event) => setQuery({ [name]: event.currentTarget.value, cursor: null })}
      >
        <option value="">{all}</option>
        {values.map((value) => (
          <option key={value} value={value}>
            {oneOf(KINDS, value) ? kindNames(oneOf(KINDS, value) ?? "page") : words(value)}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      {choice("status", "State", PAGE_STATES, "any")}
      {choice("kind", "Kind", KINDS, query.status === "failed" ? "any" : "pages and blog posts")}
      {query.reason && choice("reason", "Reason", [query.reason], "any")}
      {query.kind === "attachment" && choice("file", "Text", FILE_RESULTS, "any")}
      <label>
        Title or id
        <input
          type="search"
          value={typed}
          onInput={(event) => {
            const { value } = event.currentTarget;
            setTyped(value);
            clearTimeout(timer.current);
            timer.current = setTimeout(() => search(value), TYPING_MS);
          }}
        />
      </label>
    </form>
  );
}

function columnsFor({
  shown,
  selection,
  retry,
}: {
  shown: readonly Page[];
  selection: Selection;
  retry: Retry;
}): readonly Column<Page>[] {
  return [
    selectionColumn(shown, selection, (page) => retryTarget(page) !== null),
    {
      head: "Title",
      kind: "main",
      cell: (page) => (
        <>
          <a href={to.page(page.source_id, page.page_id)}>{page.title}</a> <Why page={page} />
        </>
      ),
    },
    {
      head: "State",
      cell: (page) => {
        const { tone, text } = pageState(page);
        return <Badge tone={tone}>{text}</Badge>;
      },
    },
    {
      head: "Kind",
      cell: (page) =>
        page.kind === "attachment" && page.file?.bytes
          ? `file, ${bytes(page.file.bytes)}`
          : kindName(page.kind),
    },
    {
      head: "Version",
      kind: "number",
      onlyWide: true,
      cell: (page) => page.version || <span class="quiet">—</span>,
    },
    { head: "Chunks", kind: "number", onlyWide: true, cell: (page) => count(page.chunk_count) },
    { head: "Edited", cell: (page) => <Ago at={page.modified_at} none="—" /> },
    { head: "Stored", cell: (page) => <Ago at={page.last_synced_at} none="—" /> },
    {
      head: <span class="unseen">Actions</span>,
      label: "",
      kind: "actions",
      cell: (page) => {
        const target = retryTarget(page);
        return (
          <>
            <Outside url={page.url}>Confluence</Outside>{" "}
            {target !== null && (
              <Button
                kind={page.error ? "plain" : "link"}
                label={`Sync again: ${page.title}`}
                disabled={retry.sending}
                onClick={() => void retry.run([target])}
              >
                {page.error ? "Retry" : "Sync again"}
              </Button>
            )}
          </>
        );
      },
    },
  ];
}

function Why({ page }: { page: Page }) {
  const reasons = whyOfPage(page);
  if (reasons.length === 0) return null;
  return (
    <>
      {reasons.map((reason) => (
        <small key={reason.text} class={reason.tone === "bad" ? "why bad-text" : "why"}>
          {reason.text} {reason.code && <SameReason page={page} code={reason.code} />}
        </small>
      ))}
    </>
  );
}

/** To the other pages of which the same is true. */
function SameReason({ page, code }: { page: Page; code: string }) {
  const { query } = place.value;
  if (query.reason === code) return null;
  const status = page.is_deleted ? "deleted" : "failed";
  return (
    <a href={to.source(page.source_id, "pages", { status, kind: query.kind, reason: code })}>
      all of this reason<span class="unseen">: {words(code)}</span>
    </a>
  );
}
