-- Whose texts are to be removed is looked for each minute; most pages are not deleted.
create index confluence_pages_deleted on confluence_pages (deleted_at) where is_deleted;
