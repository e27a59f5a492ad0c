-- Of a folder (or the like) that is open: of whom that was proven, {users, groups, classes} of a restriction above it, or {everybody: true}
-- where such folders are trusted. It stays open as long as nobody else passes all that is above it. Null: not known, as after an earlier
-- release: it is proven anew by the next sweep.
alter table access_nodes add column proven_for jsonb check (proven_for is null or jsonb_typeof(proven_for) = 'object');

-- Content whose place was forgotten a short while ago, which leaves no row in `content_access`: what was read before changes nothing.
create table forgotten_content (
  source_id text not null references archon_sources on delete cascade,
  content_id text not null,
  read_at timestamptz not null,
  primary key (source_id, content_id)
);
