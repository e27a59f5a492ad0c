-- The mode of access before a change, until a sweep that began after it has read the rights again: what either of the two does not show
-- is not shown meanwhile.
alter table archon_sources add column access_before text,
  add constraint archon_sources_access_before_check check (access_before in ('unrestricted', 'per_user'));
