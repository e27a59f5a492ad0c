-- Why a running operation makes no progress: {code, message, attempt, max_attempts, next_attempt_at}. Null while all is well.
alter table archon_progress add column failing jsonb check (failing is null or jsonb_typeof(failing) = 'object');

-- The worker that held the page together with others was lost with it: from then on the page is claimed alone.
alter table sync_work add column suspect boolean not null default false;
-- Whether the present claim is of this page alone.
alter table sync_work add column claimed_alone boolean not null default false;
-- Workers lost while they had claimed this page alone.
alter table sync_work add column crashes integer not null default 0;
