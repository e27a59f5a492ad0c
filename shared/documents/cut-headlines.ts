import type { Sql } from "#shared/db/connect.ts";
import { headlineText, restoreHeadline, unusedWord } from "./headline-text.ts";
import type { QueriedWords } from "./index-words.ts";
import { SNIPPET_OPTIONS } from "./snippet.ts";

/** The headlines, by chunk, of hits in whose content as it is the parser would not find what the query matches. */
export async function cutHeadlines(
  sql: Sql,
  hits: readonly { chunkId: string; sourceId: string; content: string }[],
  { question }: QueriedWords,
): Promise<Map<string, string>> {
  const standIn = unusedWord([question, ...hits.map(({ content }) => content)]);
  const made = hits.flatMap(({ chunkId, sourceId, content }) => {
    const one = headlineText(content, question, standIn);
    return one === null ? [] : [{ chunkId, sourceId, ...one }];
  });
  if (made.length === 0) return new Map();
  const rows = await sql<{ chunkId: string; headline: string }[]>`
    select t."chunkId", ts_headline(s.search_language::regconfig, t.text,
      any_word_query(s.search_language::regconfig, t.words) || (word_query(${standIn})::text || ':*')::tsquery,
      ${SNIPPET_OPTIONS}) as headline
    from json_to_recordset(${sql.json(made)}::json) as t ("chunkId" text, "sourceId" text, text text, words text)
    join archon_sources s on s.source_id = t."sourceId"`;
  const byChunk = new Map(made.map((one) => [one.chunkId, one]));
  return new Map(
    rows.flatMap(({ chunkId, headline }) => {
      const one = byChunk.get(chunkId);
      return one ? [[chunkId, restoreHeadline(headline, one, standIn)]] : [];
    }),
  );
}
