-- Who brings the source to another model right now; a dead one's claim runs out. Keeps two from embedding the same chunks.
alter table archon_sources add column model_change_claimed_until timestamptz;
