-- Confluence's own word for what a page is: `live` for live docs, whose text may change without a version. Null: not known yet,
-- because search hits do not say it.
alter table confluence_pages add column subtype text;
