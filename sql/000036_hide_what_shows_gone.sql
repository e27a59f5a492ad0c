-- A page that includes one which is gone is hidden until it was rendered again, whichever change says so: also a deletion, after which it
-- was found with the deleted text. Not one that lists it: where rights are carried over, lists are not kept.
create function hide_what_includes_gone() returns trigger language plpgsql as $$
begin
  update confluence_pages p set access_node = null
  where p.source_id = new.source_id and p.page_id = new.page_id and p.access_node is not null and exists (
    select from page_dependencies d where d.source_id = p.source_id and d.page_id = p.page_id and d.kind = 'page');
  return null;
end
$$;
create trigger hide_what_includes_gone after update of shows_gone on page_renderings
  for each row when (new.shows_gone and not old.shows_gone) execute function hide_what_includes_gone();

update confluence_pages p set access_node = null from page_renderings r
where r.source_id = p.source_id and r.page_id = p.page_id and r.shows_gone and p.access_node is not null and exists (
  select from page_dependencies d where d.source_id = p.source_id and d.page_id = p.page_id and d.kind = 'page');
