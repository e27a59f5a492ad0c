import type { ChunkHit, HitExplanation } from "#infra/console/api/types.ts";
import { counted } from "#infra/console/parts/format.ts";
import { Outside } from "#infra/console/parts/links.tsx";
import { parseSnippet } from "#infra/console/parts/snippet.ts";
import { Ago } from "#infra/console/parts/time.tsx";
import { to } from "#infra/console/state/router.ts";
import { kindName } from "./page-states.ts";

/** One hit: where it is, what matched, and what its score is made of. */
export function Hit({ hit, rank }: { hit: ChunkHit; rank: number }) {
  return (
    <li class="hit">
      <span class="rank" aria-hidden="true">
        {rank}
      </span>
      <div>
        <h3>
          <a href={to.page(hit.source_id, plainId(hit.page_id))}>{hit.title}</a>
        </h3>
        {hit.heading_path.length > 0 && <span class="quiet"> › {hit.heading_path.join(" › ")}</span>}
        <p class="facts">
          {hit.ancestors.length > 0 && <span>{hit.ancestors.map(({ title }) => title).join(" / ")}</span>}
          {hit.kind !== "page" && <span>{kindName(hit.kind)}</span>}
          <span>
            edited <Ago at={hit.modified_at} />
          </span>
          <Outside url={hit.url}>Confluence</Outside>
          {hit.also_on_total > 0 && <span>same text on {counted(hit.also_on_total, "other page")}</span>}
        </p>
        <p class="snippet">
          {parseSnippet(hit.snippet).map((part, index) =>
            part.isMatch ? <mark key={index}>{part.text}</mark> : part.text,
          )}
        </p>
      </div>
      {hit.explanation && <Score explanation={hit.explanation} />}
    </li>
  );
}

/** Another site's page of the same id is named with its source before it. */
function plainId(pageId: string): string {
  return pageId.slice(pageId.indexOf("~") + 1);
}

/** Both retrievers' rank and weight in a score. */
export function Score({ explanation }: { explanation: HitExplanation }) {
  const { vector, words: byWords } = explanation;
  return (
    <dl class="score">
      <div>
        <dt>Score</dt>
        <dd>{explanation.score.toFixed(3)}</dd>
      </div>
      <div>
        <dt>Meaning</dt>
        <dd>
          {vector === null ? (
            <span class="quiet">no vector</span>
          ) : (
            <>
              {vector.rank === null ? "not nearest" : `rank ${vector.rank}`}, {vector.similarity.toFixed(3)} ×{" "}
              {explanation.vector_weight.toFixed(2)}
            </>
          )}
        </dd>
      </div>
      <div>
        <dt>Words</dt>
        <dd>
          {byWords === null ? (
            <span class="quiet">none matches</span>
          ) : (
            <>
              rank {byWords.rank}, {byWords.relevance.toFixed(3)}
              <small>
                {Math.round(byWords.coverage * 100)} % of the query
                {byWords.is_named && ", all names"}
                {byWords.is_titled && ", is the title"}
              </small>
            </>
          )}
        </dd>
      </div>
    </dl>
  );
}
