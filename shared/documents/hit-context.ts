import { readableArguments, type Readable } from "#shared/access/readers/readable.ts";
import type { Sql } from "#shared/db/connect.ts";

/*
 * What a search hit shows of its surroundings, for lateral joins with `p`, the hit's page, and `c`, its chunk.
 */

/**
 * `ancestors`: from the top of the space to the page's parent, or to what comments are on; without what may not be shown.
 * Folders are stored by shared/syncs/listing/list-folders.ts; one that Confluence refuses has no parent, and the climb ends there.
 */
export function ancestorsOfPage(sql: Sql, readable: Readable | null) {
  const reader = readableArguments(sql, readable);
  return sql`
    with recursive up as (
      select p.page_id, p.title, coalesce(p.container_id, p.parent_id) as parent_id, 0 as depth, true as hidden, array[p.page_id] as path
      union all
      select a.page_id, a.title, a.parent_id, up.depth + 1, a.hidden, up.path || a.page_id
      from up cross join lateral (
        select above.page_id, above.title, above.parent_id, not (is_visible(above) and is_readable(above, ${reader})) as hidden
        from confluence_pages above where above.source_id = p.source_id and above.page_id = up.parent_id
        union all
        select folder_id, title, parent_id, title is null or not is_readable_content(source_id, folder_id, ${reader})
        from confluence_folders where source_id = p.source_id and folder_id = up.parent_id
      ) a
      where a.page_id <> all(up.path)
    )
    select jsonb_agg(jsonb_build_object('page_id', up.page_id, 'title', up.title) order by up.depth desc) as ancestors
    from up where not up.hidden`;
}

/** `comment`: the thread that a chunk of comments belongs to, with its replies at any depth, without those that are gone; no row for other chunks. */
export function threadOfChunk(sql: Sql) {
  const columns = sql`m.comment_id, m.url, m.author_name, m.modified_at, m.location, m.selection, m.missing_since`;
  return sql`
    with recursive said as (
      select ${columns} from confluence_comments m
      where m.source_id = p.source_id and m.comment_id = c.metadata -> 'place' ->> 'comment_id'
      -- Not union all: a site whose replies go in a circle must not keep a search going.
      union
      select ${columns} from confluence_comments m join said on m.parent_id = said.comment_id
      where m.source_id = p.source_id and m.container_id = p.container_id
    ), shown as (
      select * from said where missing_since is null
    ), root as (
      select * from said where comment_id = c.metadata -> 'place' ->> 'comment_id'
    )
    select jsonb_build_object('comment_id', c.metadata -> 'place' ->> 'comment_id', 'url', (select url from root),
      'authors', (select coalesce(jsonb_agg(distinct author_name) filter (where author_name is not null), '[]') from shown),
      'updated_at', (select max(modified_at) from shown),
      'location', (select location from root), 'selection', (select selection from root)) as comment
    where p.kind = 'comments'`;
}
