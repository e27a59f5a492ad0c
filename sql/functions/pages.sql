-- Conditions on pages that several statements share. They are inlined, so the planner sees the columns.

-- Whether the page may be shown: it is neither deleted nor hidden (`missing_since`: a complete check did not find it in Confluence).
create or replace function is_visible(page confluence_pages) returns boolean
language sql immutable parallel safe
return not page.is_deleted and page.missing_since is null;

-- Whether a search can find the page: it is visible, and a version of it is stored.
create or replace function is_findable(page confluence_pages) returns boolean
language sql immutable parallel safe
return is_visible(page) and page.version > 0;

-- The page as the API names its state.
create or replace function page_status(page confluence_pages) returns text
language sql immutable parallel safe
return case when page.is_deleted then 'deleted' when page.missing_since is not null then 'hidden' when is_findable(page) then 'current'
  when page.sync_error is not null then 'failed' else 'pending' end;
