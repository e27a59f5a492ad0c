-- The node of a page, or null while its text may contain too much.
create or replace function node_of_page(page confluence_pages) returns integer language sql stable
return (
  select c.node_id from content_access c
  where c.source_id = page.source_id and c.content_id = coalesce(page.container_id, page.page_id) and page.shows_unguarded is false
    and not exists (
      select from page_renderings r where r.source_id = page.source_id and r.page_id = page.page_id and r.shows_gone));
