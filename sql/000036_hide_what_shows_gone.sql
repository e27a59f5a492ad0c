-- A page that shows content which is gone is hidden until it was rendered again, whichever change says so: also a deletion, after which
-- it was shown until something else worked out its node.
create function follow_rendering() returns trigger language plpgsql as $$
begin
  update confluence_pages p set access_node = node_of_page(p)
  where p.source_id = old.source_id and p.page_id = old.page_id and p.access_node is distinct from node_of_page(p);
  return null;
end
$$;
drop trigger show_rendered_again on page_renderings;
drop trigger show_without_rendering on page_renderings;
drop function show_rendered_again();
create trigger follow_rendering after update of shows_gone on page_renderings
  for each row when (old.shows_gone is distinct from new.shows_gone) execute function follow_rendering();
create trigger follow_lost_rendering after delete on page_renderings
  for each row when (old.shows_gone) execute function follow_rendering();

update confluence_pages p set access_node = null from page_renderings r
where r.source_id = p.source_id and r.page_id = p.page_id and r.shows_gone and p.access_node is not null;
