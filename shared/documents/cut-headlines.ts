import type { Sql } from "#shared/db/connect.ts";
import type { QueriedWords } from "./index-words.ts";
import { headlineText, SNIPPET_OPTIONS } from "./snippet.ts";

/** The headlines, by chunk, of hits in whose content as it is the parser would not find what the query matches. */
export async function cutHeadlines(
  sql: Sql,
  hits: readonly { chunkId: string; sourceId: string; content: string }[],
  { question, parts }: QueriedWords,
): Promise<Map<string, string>> {
  const texts = hits.flatMap(({ chunkId, sourceId, content }) => {
    const text = headlineText(content, question);
    return text === null ? [] : [{ chunkId, sourceId, text }];
  });
  if (texts.length === 0) return new Map();
  const rows = await sql<{ chunkId: string; headline: string }[]>`
    select t."chunkId", ts_headline(s.search_language::regconfig, t.text,
      any_word_query(s.search_language::regconfig, ${`${question} ${parts}`}), ${SNIPPET_OPTIONS}) as headline
    from json_to_recordset(${sql.json(texts)}::json) as t ("chunkId" text, "sourceId" text, text text)
    join archon_sources s on s.source_id = t."sourceId"`;
  return new Map(rows.map((row) => [row.chunkId, row.headline]));
}
