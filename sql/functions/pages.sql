-- Rules about pages that several statements follow. They are inlined: a plan sees the columns.

-- Whether the page may be shown: it is neither deleted nor hidden (`missing_since`: Confluence did not show it to a complete check).
create or replace function is_visible(page confluence_pages) returns boolean
language sql immutable parallel safe
return not page.is_deleted and page.missing_since is null;

-- Whether a search can find the page: it is visible, and some version of it is stored.
create or replace function is_findable(page confluence_pages) returns boolean
language sql immutable parallel safe
return is_visible(page) and page.version > 0;
