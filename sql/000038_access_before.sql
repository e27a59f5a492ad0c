-- The mode of access before a change, until a sweep that began after it has read the rights again: what either of the two does not show
-- is not shown meanwhile.
alter table archon_sources add column access_before text,
  add constraint archon_sources_access_before_check check (access_before in ('unrestricted', 'per_user'));

-- Sources that show everything count what is restricted, once a week: the first counts of those that there are, spread over a week.
insert into access_sweeps (source_id, due_at)
select source_id, now() + make_interval(secs => abs(hashtext(source_id)::bigint) % (7 * 24 * 3600)) from archon_sources
where access = 'everything' and status <> 'deleting'
on conflict (source_id) do nothing;
