-- Whether searches for a person ask Confluence about what they are about to return. The previous release does not know it and goes by
-- what is stored, as it did.
alter table archon_sources add column verify text not null default 'stored' check (verify in ('stored', 'live'));
