-- What lets a reader in is found by who they are. Few rows change, and what waits to be sorted in would be read by each search.
create index access_nodes_users on access_nodes using gin (users) with (fastupdate = off);
create index access_nodes_groups on access_nodes using gin (groups) with (fastupdate = off);
create index access_nodes_classes on access_nodes (source_id) where state = 'known' and classes <> '{}';
create index access_nodes_open on access_nodes (source_id) where state = 'open';

-- A page by its whole key, whichever index the planner takes for it: one of page ids alone read the same id in every source.
drop index confluence_pages_id;
create index confluence_pages_id on confluence_pages (page_id, source_id);
