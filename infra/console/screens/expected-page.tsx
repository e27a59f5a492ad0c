import { useEffect } from "preact/hooks";
import type { Calls } from "#infra/console/api/types.ts";
import type { PageExplanation } from "#infra/console/api/types.ts";
import { counted, sentence, words } from "#infra/console/parts/format.ts";
import { Button } from "#infra/console/parts/button.tsx";
import { Outside } from "#infra/console/parts/links.tsx";
import { Loaded, Notice } from "#infra/console/parts/notices.tsx";
import type { Tone } from "#infra/console/parts/tone.ts";
import { announce } from "#infra/console/state/announce.ts";
import { place, setQuery } from "#infra/console/state/location.ts";
import { usePolled, type Polled } from "#infra/console/state/polled.ts";
import { to } from "#infra/console/state/router.ts";
import { call } from "#infra/console/state/service.ts";
import { findByTitle, onlyMatch, type FoundByTitle, type SearchedSource } from "./find-by-title.ts";
import { Score } from "./search-hit.tsx";
import { pageIdIn, searchRequest } from "./search-request.ts";

/** Sources that are looked through for a title, and pages that are offered. */
const MAX_SOURCES = 20;
const MAX_PAGES = 10;

type Sources = Calls["listSources"]["result"];

/** Why the page that somebody expects is found, or not: the page by its id, address or title. */
export function ExpectedPage({ sources }: { sources: Polled<Sources> }) {
  const { query } = place.value;
  const expected = query.page ?? "";
  const id = pageIdIn(expected);
  return (
    <section aria-labelledby="expected">
      <h2 id="expected">Why is this page found, or not?</h2>
      {id === null ? (
        <Loaded of={sources} what="the sources, which are searched for the title">
          {(data) => <ByTitle title={expected} sources={data} />}
        </Loaded>
      ) : (
        <Explained pageId={id} />
      )}
    </section>
  );
}

function ByTitle({ title, sources }: { title: string; sources: Sources }) {
  const { source: chosen } = place.value.query;
  const titles = new Map(sources.sources.map((one) => [one.source_id, one.title]));
  const all: SearchedSource[] = chosen
    ? [{ source_id: chosen, title: titles.get(chosen) ?? chosen }]
    : sources.sources;
  const searched = all.slice(0, MAX_SOURCES);
  const isAll = searched.length === all.length && (Boolean(chosen) || sources.next_cursor === null);
  const found = usePolled<FoundByTitle>(
    `title ${title} ${searched.map((one) => one.source_id).join(" ")}`,
    (signal) => findByTitle(title, searched, (request) => call("listPages", { ...request, signal })),
    null,
  );
  return (
    <Loaded of={found} what="the pages with this title">
      {(data) => {
        const only = onlyMatch(data, title);
        const limits = (
          <Limits found={data} searched={searched.length} isAll={isAll} refresh={found.refresh} />
        );
        if (only)
          return (
            <>
              <Explained pageId={only.page_id} sourceId={only.source_id} />
              {limits}
            </>
          );
        if (data.pages.length === 0)
          return (
            <Notice>
              <p>
                {isAll && data.failed.length === 0 ? (
                  <>
                    <strong>Not in the index.</strong>{" "}
                    {chosen ? "The chosen source has no" : "No source has a"} page, blog post or file titled “
                    {title}”.
                  </>
                ) : (
                  <>
                    <strong>Not found so far.</strong> None of the sources that were searched has a page, blog
                    post or file titled “{title}”.
                  </>
                )}{" "}
                Enter its address or id to learn more: it may be in a space that is not synced, or a draft.
              </p>
              {limits}
            </Notice>
          );
        return (
          <>
            <p>Several pages match. Which one?</p>
            <ul>
              {data.pages.slice(0, MAX_PAGES).map((page) => (
                <li key={`${page.source_id} ${page.page_id}`}>
                  <Button
                    kind="link"
                    onClick={() => setQuery({ page: page.page_id, source: page.source_id })}
                  >
                    {page.title}
                  </Button>{" "}
                  <span class="quiet">{titles.get(page.source_id)}</span>
                </li>
              ))}
            </ul>
            {(data.isCut || data.pages.length > MAX_PAGES) && (
              <p class="hint">More pages match than are shown: enter more of the title, its address or id.</p>
            )}
            {limits}
          </>
        );
      }}
    </Loaded>
  );
}

/** What the search by title left out. */
function Limits({
  found,
  searched,
  isAll,
  refresh,
}: {
  found: FoundByTitle;
  searched: number;
  isAll: boolean;
  refresh: () => void;
}) {
  const [failed] = found.failed;
  return (
    <>
      {!isAll && (
        <p class="hint">
          Only {counted(searched, "source")} were searched for the title: choose the page's source, or enter
          its address or id.
        </p>
      )}
      {failed && (
        <p class="bad-text" role="alert">
          Not searched: {found.failed.map(({ source }) => source.title).join(", ")}.{" "}
          {sentence(failed.message)} <Button onClick={refresh}>Search again</Button>
        </p>
      )}
    </>
  );
}

const VERDICTS: Record<PageExplanation["verdict"], string> = {
  shown: "among the results",
  below_match_count: "found, but below the number of results asked for",
  not_candidate: "no retriever finds it for this query",
  copy_of: "another page with the same text is shown",
  filtered: "left out by a filter",
  not_readable: "this reader may not see it",
  pending: "not stored yet",
  failed: "could not be stored",
  deleted: "deleted",
  hidden: "hidden",
  not_in_index: "not in the index",
};

const TONES: Partial<Record<PageExplanation["verdict"], Tone>> = { shown: "ok", failed: "bad" };

function Explained({ pageId, sourceId }: { pageId: string; sourceId?: string }) {
  const { query } = place.value;
  const explanation = usePolled(
    `explain ${pageId} ${sourceId} ${JSON.stringify(query)}`,
    (signal) =>
      call("explainPage", {
        body: {
          ...searchRequest(query),
          page_id: pageId,
          ...(sourceId === undefined ? {} : { source_id: sourceId }),
        },
        signal,
      }),
    null,
  );
  const { data: read } = explanation;
  useEffect(() => {
    if (read) announce(`${read.page?.title ?? pageId}: ${VERDICTS[read.verdict]}.`);
  }, [read, pageId]);
  return (
    <Loaded of={explanation} what="the explanation">
      {(data) => (
        <div class={`banner ${TONES[data.verdict] ?? "warn"} explanation`}>
          <div>
            <p>
              <strong>
                {data.page?.title ?? pageId}: {VERDICTS[data.verdict]}
              </strong>
            </p>
            <p>{sentence(data.message)}</p>
            <Details explanation={data} />
          </div>
          {data.hit && <Score explanation={data.hit} />}
        </div>
      )}
    </Loaded>
  );
}

function Details({ explanation }: { explanation: PageExplanation }) {
  const { page, verdict } = explanation;
  return (
    <>
      <p class="facts">
        {explanation.rank !== null && (
          <span>
            rank {explanation.rank}; {explanation.returned} returned
          </span>
        )}
        {explanation.last_returned && (
          <span>
            last returned: {explanation.last_returned.title}, {explanation.last_returned.score.toFixed(3)}
          </span>
        )}
        {explanation.words_missing.length > 0 && (
          <span>words it lacks: {explanation.words_missing.join(", ")}</span>
        )}
        {explanation.filter && <span>left out by the filter {words(explanation.filter)}</span>}
        {explanation.copy_of && page && (
          <span>
            the same text is shown as{" "}
            <a href={to.page(page.source_id, explanation.copy_of.page_id)}>{explanation.copy_of.title}</a>
          </span>
        )}
      </p>
      {page && (
        <p class="facts">
          <a href={to.page(page.source_id, page.page_id)}>Open the page</a>
          {verdict === "not_readable" && (
            <a href={to.page(page.source_id, page.page_id, "who")}>Who finds it</a>
          )}
          <Outside url={page.url}>Confluence</Outside>
        </p>
      )}
    </>
  );
}
