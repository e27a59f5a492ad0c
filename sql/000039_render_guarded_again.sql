-- What pages show of others was not always certain: an include could name one page and show another, or pass for another include. Where rights
-- are carried over, all pages that show a page or a list of files are rendered again. Those that include a page are hidden until then. After a
-- quarter of an hour, because workers of the release before may run until then.
-- In the order in which a page is stored, and before anything else is held: a worker that waits for this holds nothing that this waits for.
set local statement_timeout = 0;
lock table confluence_pages, page_renderings in share row exclusive mode;

update page_renderings r set shown_revision = r.shown_revision + 1, shows_gone = true, refresh_after = now() + interval '15 minutes'
from archon_sources s
where s.source_id = r.source_id and s.access <> 'everything' and exists (
  select from page_dependencies d where d.source_id = r.source_id and d.page_id = r.page_id
    and (d.kind = 'page' or d.kind = 'files' and d.target_id = d.page_id));

-- Asked for then; of a source with more than that the next sync renders the rest.
insert into page_hints (source_id, page_id, reasons, first_at, due_at)
select source_id, page_id, array['shows_gone'], now(), now() + interval '15 minutes' from (
  select r.source_id, r.page_id, row_number() over (partition by r.source_id order by r.page_id) as place
  from page_renderings r join archon_sources s using (source_id)
  where s.access <> 'everything' and s.status = 'active' and r.shows_gone
) hidden where place <= 1000
on conflict (source_id, page_id) do nothing;
