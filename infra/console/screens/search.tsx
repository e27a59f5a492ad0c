import { useEffect } from "preact/hooks";
import type { ChunkHit, SearchResult } from "#infra/console/api/types.ts";
import { count, counted, words } from "#infra/console/parts/format.ts";
import { Loaded, Notice } from "#infra/console/parts/notices.tsx";
import { Screen } from "#infra/console/parts/screen.tsx";
import { AsOf } from "#infra/console/parts/time.tsx";
import { announce } from "#infra/console/state/announce.ts";
import { place } from "#infra/console/state/location.ts";
import { usePolled } from "#infra/console/state/polled.ts";
import { call } from "#infra/console/state/service.ts";
import { ExpectedPage } from "./expected-page.tsx";
import { Hit } from "./search-hit.tsx";
import { SearchForm } from "./search-form.tsx";
import { searchRequest } from "./search-request.ts";

/** Searches as somebody, shows what each hit's score is made of, and why a page that is expected is not found. */
export function Search() {
  const { query } = place.value;
  const sources = usePolled(
    "names",
    (signal) => call("listSources", { query: { limit: "200" }, signal }),
    null,
  );
  return (
    <Screen title="Search">
      <SearchForm sources={sources.data?.sources ?? []} />
      {query.q !== undefined && query.page !== undefined && <ExpectedPage sources={sources} />}
      {query.q !== undefined && <Results />}
    </Screen>
  );
}

function Results() {
  const { query } = place.value;
  const found = usePolled<SearchResult>(
    `search ${JSON.stringify({ ...query, page: undefined })}`,
    (signal) => call("search", { body: { ...searchRequest(query), explain: true }, signal }),
    null,
  );
  const { data: read } = found;
  useEffect(() => {
    if (read) announce(`${count(read.results.length)} of ${counted(read.total_found, "result")}.`);
  }, [read]);
  return (
    <section aria-labelledby="results">
      <h2 id="results">Results</h2>
      <Loaded of={found} what="the results">
        {(data) => (
          <>
            <Summary found={data} />
            {data.results.length === 0 && <p class="empty">Nothing matches that this reader may see.</p>}
            <ol class="hits">
              {data.results.filter(isChunk).map((hit, index) => (
                <Hit key={hit.id} hit={hit} rank={index + 1} />
              ))}
            </ol>
            {data.results.length > 0 && (
              <p class="hint">
                Meaning: rank among the nearest chunks, and similarity × its weight. Words: rank among the
                chunks with words of the query, and relevance.
              </p>
            )}
            <AsOf of={found} />
          </>
        )}
      </Loaded>
    </section>
  );
}

const READERS: Record<SearchResult["permissions"]["mode"], string> = {
  all: "everything is shown, whoever may see it",
  unfiltered: "no source restricts who may see what",
  unrestricted: "shown: what everyone may see",
  per_user: "shown: what this person may see",
  anonymous: "shown: what the public may see",
};

function isChunk(hit: SearchResult["results"][number]): hit is ChunkHit {
  return "chunk_id" in hit;
}

function Summary({ found }: { found: SearchResult }) {
  const { explained, permissions } = found;
  const removed = Object.entries(explained?.removed_by_filter ?? {}).filter(([, value]) => value > 0);
  return (
    <>
      {found.corrected_query !== null && (
        <Notice>
          No chunk contains a word of the query. Searched for <strong>{found.corrected_query}</strong>{" "}
          instead.
        </Notice>
      )}
      {found.warnings.map((warning) => (
        <Notice key={warning.code}>{warning.message}</Notice>
      ))}
      <p class="facts">
        <span>
          {count(found.results.length)} of {counted(found.total_found, "result")}
        </span>
        <span>{found.search_mode} search</span>
        {explained && (
          <>
            <span>
              {count(explained.candidates_by_vector)} candidates by meaning,{" "}
              {count(explained.candidates_by_words)} by words
            </span>
            {explained.duplicates > 0 && (
              <span>{counted(explained.duplicates, "copy", "copies")} joined</span>
            )}
            <span>{counted(explained.sources_searched, "source")} searched</span>
          </>
        )}
        {removed.length > 0 && (
          <span>
            removed by filter:{" "}
            {removed.map(([name, value]) => `${count(value)} by ${words(name)}`).join(", ")}
          </span>
        )}
        {found.reranking_applied && <span>reranked</span>}
        <span>{READERS[permissions.mode]}</span>
        {permissions.withheld_sources.length > 0 && (
          <span class="warn-text">
            {counted(permissions.withheld_sources.length, "source")} withheld: their permissions are not known
          </span>
        )}
        {permissions.undecided_hits > 0 && (
          <span class="warn-text">{counted(permissions.undecided_hits, "hit")} undecided</span>
        )}
      </p>
    </>
  );
}
