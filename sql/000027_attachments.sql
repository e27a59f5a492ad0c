-- Files of pages and blog posts: one document each, keyed by Confluence's id of it (`att` and digits).
alter table confluence_pages drop constraint confluence_pages_kind_check;
alter table confluence_pages add constraint confluence_pages_kind_check
  check (kind in ('page', 'blogpost', 'comments', 'attachment'));
alter table confluence_pages
  -- Of a file, as it was listed last: {version, media_type, bytes, file_id}; and once it is stored {result, message, extractor}.
  add column file jsonb check (jsonb_typeof(file) = 'object'),
  -- Hidden because what it is on was hidden: it is shown again with that.
  add column hidden_with_container boolean;

-- The text of a file's version, so that a new chunker downloads nothing.
create table attachment_texts (
  source_id text not null references archon_sources on delete cascade,
  attachment_id text not null,
  version integer not null,
  -- Of the code that extracts (EXTRACTION_REVISION).
  revision integer not null,
  -- An ExtractedFile: its text with pages, slides or sheets, or why there is none.
  extracted jsonb not null check (jsonb_typeof(extracted) = 'object'),
  extracted_at timestamptz not null,
  primary key (source_id, attachment_id)
);
