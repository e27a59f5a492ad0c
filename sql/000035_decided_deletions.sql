-- What a person decided about a deletion that a check held; null: nothing yet. Also on the rows of the operation that does what was
-- approved, so that they differ from pages that it works on because they show those. The previous release knows no decisions: it shows
-- as held what was decided, until the next check.
alter table sync_work add column decision text check (decision in ('approved', 'rejected'));

-- The held check whose approved deletions an operation does.
alter table archon_progress add column approves uuid;

alter table archon_progress drop constraint archon_progress_operation_type_check;
alter table archon_progress add constraint archon_progress_operation_type_check
  check (operation_type in ('confluence_sync', 'deletion_check', 'page_sync', 'approved_deletions'));
