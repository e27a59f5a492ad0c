-- A page that shows content which is gone is hidden until it was rendered again, whichever change says so: also a deletion, after which
-- it was shown until something else worked out its node. The function works out the node, in both directions.
drop trigger show_rendered_again on page_renderings;
create trigger follow_rendering after update of shows_gone on page_renderings
  for each row when (old.shows_gone is distinct from new.shows_gone) execute function show_rendered_again();

update confluence_pages p set access_node = null from page_renderings r
where r.source_id = p.source_id and r.page_id = p.page_id and r.shows_gone and p.access_node is not null;
