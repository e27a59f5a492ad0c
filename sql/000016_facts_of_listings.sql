-- What the listing learns for the operation's end and for its percentage. Beside these, checkpoint holds only the position of the
-- listing, and counters only what it counted.
alter table archon_progress
  -- When the operation's work began by Confluence's clock: the next watermark, or the time of the check.
  add column confluence_started_at timestamptz,
  -- The scheduled time that a check was started for; null when it was requested by hand.
  add column scheduled_for timestamptz,
  -- Time zone of the account, in which Confluence reads the times of a CQL query.
  add column time_zone text,
  -- Fewer pages were listed than Confluence counted: the watermark does not move.
  add column listing_incomplete boolean not null default false,
  -- {candidates, pages, message} of a check that ends as `held`.
  add column held_deletions jsonb check (held_deletions is null or jsonb_typeof(held_deletions) = 'object'),
  -- Pages that Confluence counted, or that are stored, when the listing began; 0 while unknown.
  add column pages_expected integer not null default 0,
  -- The percentage that the operation has reached.
  add column percent_floor integer not null default 0;

-- The previous release keeps these facts in checkpoint and counters, and its workers run beside this release's during a deployment:
-- an operation may be begun by one and ended by the other. What one of them writes is copied to where the other reads it. To be
-- dropped by a later release.
create function copy_facts_of_listing() returns trigger language plpgsql as $$
declare
  in_checkpoint constant text[] := array['started_at', 'tick', 'time_zone', 'incomplete', 'held'];
  in_counters constant text[] := array['pages_expected', 'percent_floor'];
begin
  -- Only the previous release writes these keys: this one writes checkpoint and counters without them, together with the columns.
  if new.checkpoint ?| in_checkpoint then
    new.confluence_started_at := (new.checkpoint ->> 'started_at')::timestamptz;
    new.scheduled_for := (new.checkpoint ->> 'tick')::timestamptz;
    new.time_zone := new.checkpoint ->> 'time_zone';
    new.listing_incomplete := coalesce((new.checkpoint ->> 'incomplete')::boolean, false);
    new.held_deletions := nullif(new.checkpoint -> 'held', 'null');
  else
    new.checkpoint := (new.checkpoint - in_checkpoint) || jsonb_strip_nulls(jsonb_build_object(
      'started_at', to_char(new.confluence_started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
      'tick', to_char(new.scheduled_for at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
      'time_zone', new.time_zone,
      'incomplete', nullif(new.listing_incomplete, false),
      'held', new.held_deletions));
  end if;
  if new.counters ?| in_counters then
    new.pages_expected := coalesce((new.counters ->> 'pages_expected')::integer, 0);
    new.percent_floor := coalesce((new.counters ->> 'percent_floor')::integer, 0);
  else
    new.counters := (new.counters - in_counters) || jsonb_strip_nulls(jsonb_build_object(
      'pages_expected', nullif(new.pages_expected, 0), 'percent_floor', nullif(new.percent_floor, 0)));
  end if;
  return new;
end
$$;

create trigger copy_facts_of_listing before insert or update on archon_progress
  for each row execute function copy_facts_of_listing();

-- Passes every row through the trigger whose facts are still read: of operations that run, or that ended before all was done.
update archon_progress set status = status where status not in ('completed', 'completed_with_errors', 'held');
