import type { ShownPage } from "#infra/console/api/types.ts";
import { Button } from "#infra/console/parts/button.tsx";
import { bytes, counted, sentence } from "#infra/console/parts/format.ts";
import { Outside, Tabs } from "#infra/console/parts/links.tsx";
import { Badge, Loaded, Notice } from "#infra/console/parts/notices.tsx";
import { Screen } from "#infra/console/parts/screen.tsx";
import { Ago, AsOf } from "#infra/console/parts/time.tsx";
import { usePolled } from "#infra/console/state/polled.ts";
import { to, type PageTab } from "#infra/console/state/router.ts";
import { call } from "#infra/console/state/service.ts";
import { PageChanges } from "./page-changes.tsx";
import { PageChunks } from "./page-chunks.tsx";
import { PageFiles } from "./page-files.tsx";
import { PageText } from "./page-text.tsx";
import { PageReaders } from "./page-readers.tsx";
import { kindName, pageState, whyOfPage } from "./page-states.ts";
import { RetryNotice, useRetry } from "./retry-notice.tsx";
import { retryTarget } from "./retry-pages.ts";

const EVERY_MS = 5000;

/** One page: its text as search has it, its chunks, what its last change did to them, who finds it, what is on it. */
export function PageScreen({ sourceId, pageId, tab }: { sourceId: string; pageId: string; tab: PageTab }) {
  const params = { source_id: sourceId, page_id: pageId };
  const page = usePolled(`page ${pageId}`, (signal) => call("getSourcePage", { params, signal }), EVERY_MS);
  const { data } = page;
  const source = usePolled(
    `of ${sourceId}`,
    (signal) => call("getSource", { params: { source_id: sourceId }, signal }),
    null,
  );
  const retry = useRetry(sourceId, page.refresh);
  const target = data && retryTarget(data);
  return (
    <Screen
      title={data?.title ?? "Page"}
      above={
        <>
          <a href={to.sources()}>Sources</a> /{" "}
          <a href={to.source(sourceId)}>{source.data?.title ?? "Source"}</a> /{" "}
          <a href={to.source(sourceId, "pages")}>Pages</a>
        </>
      }
      below={data && <Facts page={data} />}
      actions={
        data && (
          <>
            {target !== null && (
              <Button sending={retry.sending} onClick={() => void retry.run([target])}>
                Sync this page
              </Button>
            )}
            <a class="button" href={to.search({ q: data.title, page: pageId, source: sourceId })}>
              Why is it found, or not?
            </a>
          </>
        )
      }
    >
      <RetryNotice retry={retry} />
      <Tabs
        label="Views of this page"
        current={tab}
        tabs={[
          { name: "markdown", href: to.page(sourceId, pageId), text: "Text" },
          { name: "chunks", href: to.page(sourceId, pageId, "chunks"), text: "Chunks" },
          { name: "changes", href: to.page(sourceId, pageId, "changes"), text: "Last change" },
          { name: "who", href: to.page(sourceId, pageId, "who"), text: "Who finds it" },
          { name: "files", href: to.page(sourceId, pageId, "files"), text: "Files and comments" },
        ]}
      />
      <Loaded of={page} what="the page">
        {(loaded) => (
          <>
            {whyOfPage(loaded).map((reason) => (
              <Notice key={reason.text} tone={reason.tone === "bad" ? "bad" : "warn"}>
                {reason.tone === "bad" && (
                  <strong>
                    {loaded.version > 0
                      ? `The newest version could not be synced; search has version ${loaded.version}.`
                      : "This page could not be synced; search does not have it."}{" "}
                  </strong>
                )}
                {sentence(reason.text)}
              </Notice>
            ))}
            {viewOf(tab, loaded)}
            <AsOf of={page} />
          </>
        )}
      </Loaded>
    </Screen>
  );
}

function viewOf(tab: PageTab, page: ShownPage) {
  switch (tab) {
    case "markdown":
      return <PageText page={page} />;
    case "chunks":
      return <PageChunks page={page} />;
    case "changes":
      return <PageChanges page={page} />;
    case "who":
      return <PageReaders page={page} />;
    case "files":
      return <PageFiles page={page} />;
  }
}

function Facts({ page }: { page: ShownPage }) {
  const { tone, text } = pageState(page);
  return (
    <>
      <Badge tone={tone}>{text}</Badge>
      <span>{kindName(page.kind)}</span>
      <Outside url={page.url}>open in Confluence</Outside>
      <span>version {page.version}</span>
      <span>{counted(page.chunk_count, "chunk")}</span>
      {page.file?.bytes && <span>{bytes(page.file.bytes)}</span>}
      <span>
        edited <Ago at={page.modified_at} />
      </span>
      <span>
        stored <Ago at={page.last_synced_at} />
      </span>
      {page.labels.length > 0 && <span>labels: {page.labels.join(", ")}</span>}
    </>
  );
}
