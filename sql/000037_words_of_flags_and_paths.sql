-- Flags (`-Xmx512m`), Windows paths, and names beside Chinese, Japanese, Korean or Thai are kept whole: the words of all chunks are
-- written again. The code before looks for revisions below 1, and finds them by this index too.
drop index archon_crawled_pages_outdated_words;
create index archon_crawled_pages_outdated_words on archon_crawled_pages (source_id, page_id) where words_revision < 2;
