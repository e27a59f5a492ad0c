import type { Page, Source } from "#infra/console/api/types.ts";
import type { PageExplanation } from "#infra/console/api/types.ts";
import { sentence, words } from "#infra/console/parts/format.ts";
import { Outside } from "#infra/console/parts/links.tsx";
import { Loaded, Notice } from "#infra/console/parts/notices.tsx";
import type { Tone } from "#infra/console/parts/tone.ts";
import { place, setQuery } from "#infra/console/state/location.ts";
import { usePolled } from "#infra/console/state/polled.ts";
import { to } from "#infra/console/state/router.ts";
import { call } from "#infra/console/state/service.ts";
import { Score } from "./search-hit.tsx";
import { pageIdIn, searchRequest } from "./search-request.ts";

/** Sources that are looked through for a title, and pages of it that are offered. */
const MAX_SOURCES = 20;
const MAX_PAGES = 10;

/** Why the page that somebody expects is found, or not: the page by its id, address or title. */
export function ExpectedPage({ sources }: { sources: readonly Source[] }) {
  const { query } = place.value;
  const expected = query.page ?? "";
  const id = pageIdIn(expected);
  return (
    <section aria-labelledby="expected">
      <h2 id="expected">Why is this page found, or not?</h2>
      {id === null ? <ByTitle title={expected} sources={sources} /> : <Explained pageId={id} />}
    </section>
  );
}

function ByTitle({ title, sources }: { title: string; sources: readonly Source[] }) {
  const { query } = place.value;
  const searched = sources
    .filter((one) => !query.source || one.source_id === query.source)
    .slice(0, MAX_SOURCES);
  const pages = usePolled<Page[]>(
    `title ${title} ${searched.map((one) => one.source_id).join(" ")}`,
    async (signal) => {
      const lists = await Promise.all(
        searched.map((one) =>
          call("listPages", {
            params: { source_id: one.source_id },
            query: { q: title, limit: String(MAX_PAGES) },
            signal,
          }),
        ),
      );
      return lists.flatMap((list) => list.pages);
    },
    null,
  );
  const exact = pages.data?.filter((page) => page.title.toLowerCase() === title.toLowerCase()) ?? [];
  const [only] = exact.length > 0 ? exact : (pages.data ?? []);
  const isOne = exact.length === 1 || pages.data?.length === 1;
  return (
    <Loaded of={pages} what="the pages with this title">
      {(data) =>
        only && isOne ? (
          <Explained pageId={only.page_id} sourceId={only.source_id} />
        ) : data.length === 0 ? (
          <Notice>
            <p>
              <strong>Not in the index.</strong> No source has a page titled “{title}”. Enter its address or
              id to learn more: it may be in a space that is not synced, or a draft.
            </p>
          </Notice>
        ) : (
          <>
            <p>Several pages match. Which one?</p>
            <ul>
              {data.slice(0, MAX_PAGES).map((page) => (
                <li key={`${page.source_id} ${page.page_id}`}>
                  <button
                    type="button"
                    class="link"
                    onClick={() => setQuery({ page: page.page_id, source: page.source_id })}
                  >
                    {page.title}
                  </button>{" "}
                  <span class="quiet">{sources.find((one) => one.source_id === page.source_id)?.title}</span>
                </li>
              ))}
            </ul>
          </>
        )
      }
    </Loaded>
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
