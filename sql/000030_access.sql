-- Who may see what. A source carries over the rights of its space and pages, or shows all that the syncing account sees.
alter table archon_sources
  -- unrestricted: what everyone who may read the space may read; per_user: each search says for whom; everything: no rights are
  -- carried over. Sources that existed keep what they showed.
  add column access text not null default 'everything' check (access in ('unrestricted', 'per_user', 'everything')),
  -- What is below a folder whose restrictions Confluence does not tell: hidden, or shown as if it had none.
  add column unreadable_containers text not null default 'hide' check (unreadable_containers in ('hide', 'trust')),
  -- When the last complete sweep began. What it read grants nothing once it is too old; null: nothing is known yet.
  add column access_verified_at timestamptz;

-- One row for each restricted content and one for each space (its readers). Whoever sees what is below it passes all nodes above it.
create table access_nodes (
  node_id integer generated always as identity primary key,
  source_id text not null references archon_sources on delete cascade,
  -- Null: the space.
  content_id text,
  -- The next one above; null: the space's.
  parent_node integer references access_nodes,
  -- Any of them suffices: account ids, group ids, and classes of accounts (`anonymous`, `all-licensed`).
  users text[] not null default '{}',
  groups text[] not null default '{}',
  classes text[] not null default '{}',
  -- known: the principals pass; open: whoever passes what is above it; unknown: nobody.
  state text not null check (state in ('known', 'open', 'unknown')),
  -- Null: as old as the source's evidence. Else when it was last read: it could not be read since.
  verified_at timestamptz,
  -- What the sweep under way read and would let more people in: it counts when the sweep is complete.
  pending jsonb check (pending is null or jsonb_typeof(pending) = 'object'),
  -- Since when it is as it is: what was read before that is older, and changes nothing.
  read_at timestamptz not null default 'epoch',
  unique (source_id, content_id),
  check (content_id is not null or parent_node is null)
);
create unique index access_nodes_space on access_nodes (source_id) where content_id is null;
create index access_nodes_parent on access_nodes (parent_node);

-- Where content is and which node is over it, stored or not: what comes to be stored later takes its node from here.
create table content_access (
  source_id text not null references archon_sources on delete cascade,
  content_id text not null,
  -- From the top of the space; folders and the like too.
  ancestor_ids text[] not null,
  -- A folder or the like, which has a node whatever its restrictions.
  is_container boolean not null default false,
  -- Null: not known yet, so nobody sees it.
  node_id integer references access_nodes,
  -- Since when it is there; as in access_nodes.
  read_at timestamptz not null default 'epoch',
  primary key (source_id, content_id)
);
create index content_access_node on content_access (node_id);

-- The node of the page, or of what a file or comments are on. Null: nobody sees it, unless the source shows everything.
alter table confluence_pages add column access_node integer;
create index confluence_pages_access_node on confluence_pages (access_node) where access_node is not null;

-- No writer of pages can forget it.
create function set_access_node() returns trigger language plpgsql as $$
begin
  new.access_node := (
    select c.node_id from content_access c
    where c.source_id = new.source_id and c.content_id = coalesce(new.container_id, new.page_id)
    -- A sweep that changes it waits, and then finds this row; or this waits, and takes what the sweep set.
    for share);
  return new;
end
$$;
create trigger set_access_node before insert or update of container_id on confluence_pages
  for each row execute function set_access_node();

-- And what is stored follows, in one statement however many there are.
create function follow_access_node() returns trigger language plpgsql as $$
begin
  update confluence_pages p set access_node = n.node_id
  from changed n
  where p.source_id = n.source_id and p.page_id = n.content_id and p.container_id is null and p.access_node is distinct from n.node_id;
  update confluence_pages p set access_node = n.node_id
  from changed n
  where p.source_id = n.source_id and p.container_id = n.content_id and p.access_node is distinct from n.node_id;
  return null;
end
$$;
create trigger follow_access_node_of_new after insert on content_access
  referencing new table as changed for each statement execute function follow_access_node();
create trigger follow_access_node after update on content_access
  referencing new table as changed for each statement execute function follow_access_node();

-- The sweep of a source: it reads the rights of all its content, page by page of a listing.
create table access_sweeps (
  source_id text primary key references archon_sources on delete cascade,
  due_at timestamptz not null,
  claimed_until timestamptz,
  -- Of the sweep under way; null: none is.
  started_at timestamptz,
  checkpoint jsonb not null default '{}' check (jsonb_typeof(checkpoint) = 'object'),
  completed_at timestamptz,
  -- Whether the site's search was found to leave out folders above pages: then each page is asked for its parent.
  omits_folders boolean not null default false,
  -- Why sweeps fail, while they do: {code, message, since, failures}.
  error jsonb check (error is null or jsonb_typeof(error) = 'object'),
  -- What the last complete one found: contents, restricted, containers_hidden, containers_trusted, calls, duration_ms, …
  counters jsonb not null default '{}' check (jsonb_typeof(counters) = 'object')
);
create index access_sweeps_due on access_sweeps (due_at);

-- What it listed: one row for each page of the listing.
create table access_sweep_lists (
  source_id text not null references access_sweeps on delete cascade,
  number integer not null,
  content_ids text[] not null,
  primary key (source_id, number)
);

-- Who belongs to which group, for each site: ids of groups are a site's own, those of accounts hold everywhere.
create table directory_groups (
  site_id text not null references confluence_sites on delete cascade,
  group_id text not null,
  -- `licensed`: its members are the site's licensed accounts.
  is_licensed boolean not null default false,
  -- unreadable: it lets nobody in.
  state text not null check (state in ('known', 'unreadable')),
  verified_at timestamptz not null,
  primary key (site_id, group_id)
);
create table directory_members (
  site_id text not null,
  group_id text not null,
  account_id text not null,
  primary key (site_id, group_id, account_id),
  foreign key (site_id, group_id) references directory_groups on delete cascade
);
create index directory_members_account on directory_members (account_id, site_id);
create table directory_accounts (
  site_id text not null references confluence_sites on delete cascade,
  account_id text not null,
  -- In lower case; null: hidden.
  email text,
  is_active boolean not null,
  is_guest boolean not null default false,
  verified_at timestamptz not null,
  primary key (site_id, account_id)
);
create index directory_accounts_email on directory_accounts (email) where email is not null;

alter table confluence_sites
  add column directory_verified_at timestamptz,
  add column directory_claimed_until timestamptz,
  -- Why the directory cannot be read, while it cannot: {code, message, since, failures}.
  add column directory_error jsonb check (directory_error is null or jsonb_typeof(directory_error) = 'object');

-- Which Confluence account a person of another directory has, as an operator says. It decides before what the site's directory says.
create table identities (
  claim text not null check (claim in ('email', 'subject')),
  subject text not null,
  account_id text not null,
  updated_at timestamptz not null,
  primary key (claim, subject)
);
