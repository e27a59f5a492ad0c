-- What a page shows of other pages: written with the page's chunks, from the macros of its body.
create table page_dependencies (
  source_id text not null,
  page_id text not null,
  -- page: the text of another page; children: what is below one; label: what carries one; files: what is attached to one;
  -- unknown: a list that is not understood.
  kind text not null check (kind in ('page', 'children', 'label', 'files', 'unknown')),
  -- The title of the page, or the label; empty where the page is named by its id, or nothing is named.
  target text not null default '',
  target_id text not null default '',
  -- The space of the target; empty: any space of the site.
  space_key text not null default '',
  -- Of children: levels below the page; null: all of them.
  depth integer,
  -- False: it shows titles only, so that an edit of a target's text changes nothing.
  shows_text boolean not null,
  primary key (source_id, page_id, kind, space_key, target, target_id),
  foreign key (source_id, page_id) references confluence_pages on delete cascade
);
create index page_dependencies_target on page_dependencies (target, space_key) where target <> '';
create index page_dependencies_target_id on page_dependencies (target_id) where target_id <> '';
create index page_dependencies_unknown on page_dependencies (source_id) where kind = 'unknown';

-- One row for each page with dependencies: which state of its targets it shows. Apart from the pages: a change of a target writes to
-- all that show it, and must not wait for their swaps.
create table page_renderings (
  source_id text not null,
  page_id text not null,
  -- Raised by each change of a target; `rendered_revision`: its value before the stored body was rendered.
  shown_revision integer not null default 0,
  rendered_revision integer not null default 0,
  -- By Confluence's clock, before the body was requested.
  rendered_at timestamptz not null,
  -- When it was last rendered because of its targets.
  refreshed_at timestamptz,
  -- Outdated, and to be rendered again from then on; null: up to date.
  refresh_after timestamptz,
  -- A target is gone: its text must not stay.
  shows_gone boolean not null default false,
  -- What Confluence showed in place of macros that failed.
  failed_macros text[] not null default '{}',
  primary key (source_id, page_id),
  foreign key (source_id, page_id) references confluence_pages on delete cascade
);
create index page_renderings_outdated on page_renderings (source_id, page_id) where refresh_after is not null;

-- Pages that are worked on because of what they show: an operation does a limited number of them.
alter table sync_work add column refreshes boolean not null default false;
create index sync_work_refreshes on sync_work (operation_id, page_id) where refreshes;
