-- Before the first analyze, which the embedded database may never have seen and a server makes a minute late, an index that holds only
-- the first column of a table's key seems as good as the key: each lookup then read all pages of a source (a search, for each chunk that
-- it found) or all open work of an operation (each claim and completion of a page).

-- No statement looks pages up by parent.
drop index confluence_pages_parent;

drop index sync_work_open;
create index sync_work_pending on sync_work (operation_id, page_id) where state = 'pending';
