-- The node of a page, or null while its text may contain too much.
create or replace function node_of_page(page confluence_pages) returns integer language sql stable
return (
  select c.node_id from content_access c
  where c.source_id = page.source_id and c.content_id = coalesce(page.container_id, page.page_id) and page.shows_unguarded is false
    and not exists (
      select from page_renderings r where r.source_id = page.source_id and r.page_id = page.page_id and r.shows_gone));

-- A page that shows another one may show it to those who may not read that any more. So when the node over either changes, the page is
-- hidden until its body was rendered again. Content that had no node was not shown, nor was any other on it or it on another: from when it
-- has one, those pages may lack what they may show, and are rendered again too, without being hidden.
create or replace function hide_what_shows() returns trigger
language plpgsql
set search_path from current
as $$
begin
  with moved as (
    select n.source_id, n.content_id, o.node_id is not null as was_known
    from changed n join before o on o.source_id = n.source_id and o.content_id = n.content_id
    where o.node_id is distinct from n.node_id
  ), showing as (
    select m.source_id, m.content_id as page_id, m.was_known from moved m where m.was_known
    union all
    select m.source_id, m.content_id, m.was_known from moved m cross join lateral (
      select from page_dependencies d where d.source_id = m.source_id and d.page_id = m.content_id and d.kind = 'page' limit 1) d
    where not m.was_known
    union all
    select d.source_id, d.page_id, m.was_known from moved m
    join confluence_pages t on t.source_id = m.source_id and t.page_id = m.content_id
    cross join lateral (
      (select d.source_id, d.page_id from page_dependencies d where d.target = t.title and d.target <> '' and d.kind = 'page' offset 0)
      union all
      (select d.source_id, d.page_id from page_dependencies d where d.target_id = t.page_id and d.target_id <> '' and d.kind = 'page'
        offset 0)) d
    where d.source_id = m.source_id
  ), outdated as (
    update page_renderings r set shown_revision = r.shown_revision + 1, shows_gone = r.shows_gone or s.was_known,
      refresh_after = to_timestamp(0)
    from (select source_id, page_id, bool_or(was_known) as was_known from showing group by source_id, page_id) s
    where r.source_id = s.source_id and r.page_id = s.page_id
    returning r.source_id, r.page_id, r.shows_gone
  )
  -- Hidden or not: it waits for a rendering that shows the page again.
  update confluence_pages p set access_node = null
  from outdated o where o.shows_gone and p.source_id = o.source_id and p.page_id = o.page_id;
  return null;
end
$$;
