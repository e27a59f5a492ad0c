create index sync_work_suspects on sync_work (operation_id) where state = 'pending' and suspect;
-- What counters and checkpoint held under keys of their own. Code before this goes on writing there, and what it wrote is read.
-- A candidate of a deletion check: the page's state_revision when it became one.
alter table sync_work add column state_revision integer;
-- Steps of the listing that failed one after the other.
alter table archon_progress add column failures integer not null default 0;
