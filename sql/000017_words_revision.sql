-- By which revision of the application's cutting a chunk's words were written: outdated ones are written again in the background, and
-- found as they are until then. Chunks of a release before this one are of revision 0.
alter table archon_crawled_pages add column words_revision smallint not null default 0;

-- Rows leave it as they are written; a further revision replaces it.
create index archon_crawled_pages_outdated_words on archon_crawled_pages (source_id, page_id) where words_revision < 1;
