-- Confluence renders a page for the syncing account, so its text may contain what the page's readers may not read.
alter table confluence_pages
  -- Whether its body shows what is not its own: other pages, lists, what apps show. Null: stored by an earlier release, not known.
  add column shows_others boolean,
  -- Whether it was stored with all of that, while its source carried over no rights. Null: as above, or nothing is stored yet.
  add column shows_unguarded boolean;

-- When a source began or ceased to carry rights over: what its pages show of others is stored anew by the next sync, which is due.
alter table archon_sources add column access_changed_at timestamptz;

create or replace function set_access_node() returns trigger language plpgsql as $$
begin
  -- A sweep that changes it waits, and then finds this row; or this waits, and takes what the sweep set.
  perform from content_access c
    where c.source_id = new.source_id and c.content_id = coalesce(new.container_id, new.page_id) for share;
  new.access_node := node_of_page(new);
  return new;
end
$$;
drop trigger set_access_node on confluence_pages;
create trigger set_access_node before insert or update of container_id, shows_unguarded on confluence_pages
  for each row execute function set_access_node();

create or replace function follow_access_node() returns trigger language plpgsql as $$
begin
  update confluence_pages p set access_node = node_of_page(p)
  from changed n where p.source_id = n.source_id and p.page_id = n.content_id and p.container_id is null
    and p.access_node is distinct from node_of_page(p);
  update confluence_pages p set access_node = node_of_page(p)
  from changed n where p.source_id = n.source_id and p.container_id = n.content_id and p.access_node is distinct from node_of_page(p);
  return null;
end
$$;

-- A page that shows another one may show it to those who may not read that any more. So when the node over either changes, the page is
-- hidden until its body was rendered again. Content that had no node was not shown.
create function hide_what_shows() returns trigger language plpgsql as $$
begin
  with moved as (
    select n.source_id, n.content_id from changed n join before o on o.source_id = n.source_id and o.content_id = n.content_id
    where o.node_id is not null and o.node_id is distinct from n.node_id
  ), showing as (
    select m.source_id, m.content_id as page_id from moved m
    union
    select d.source_id, d.page_id from moved m
    join confluence_pages t on t.source_id = m.source_id and t.page_id = m.content_id
    cross join lateral (
      (select d.source_id, d.page_id from page_dependencies d where d.target = t.title and d.target <> '' and d.kind = 'page' offset 0)
      union all
      (select d.source_id, d.page_id from page_dependencies d where d.target_id = t.page_id and d.target_id <> '' and d.kind = 'page'
        offset 0)) d
    where d.source_id = m.source_id
  ), outdated as (
    update page_renderings r set shown_revision = r.shown_revision + 1, shows_gone = true, refresh_after = to_timestamp(0)
    from showing s where r.source_id = s.source_id and r.page_id = s.page_id
    returning r.source_id, r.page_id
  )
  update confluence_pages p set access_node = null
  from outdated o where p.source_id = o.source_id and p.page_id = o.page_id and p.access_node is not null;
  return null;
end
$$;
-- By name after follow_access_node.
create trigger hide_what_shows after update on content_access
  referencing old table as before new table as changed for each statement execute function hide_what_shows();

create function show_rendered_again() returns trigger language plpgsql as $$
begin
  update confluence_pages p set access_node = node_of_page(p)
  where p.source_id = old.source_id and p.page_id = old.page_id and p.access_node is distinct from node_of_page(p);
  return null;
end
$$;
create trigger show_rendered_again after update of shows_gone on page_renderings
  for each row when (old.shows_gone and not new.shows_gone) execute function show_rendered_again();
create trigger show_without_rendering after delete on page_renderings
  for each row when (old.shows_gone) execute function show_rendered_again();

-- Which state of the nodes a reader's rights were worked out from: it changes with any of them.
alter table access_sweeps add column nodes_changed_in bigint not null default 0;
create function note_changed_nodes() returns trigger language plpgsql as $$
begin
  update access_sweeps w set nodes_changed_in = pg_current_xact_id()::text::bigint
  where w.source_id in (select c.source_id from changed c) and w.nodes_changed_in <> pg_current_xact_id()::text::bigint;
  return null;
end
$$;
create trigger note_new_nodes after insert on access_nodes
  referencing new table as changed for each statement execute function note_changed_nodes();
create trigger note_changed_nodes after update on access_nodes
  referencing new table as changed for each statement execute function note_changed_nodes();
create trigger note_lost_nodes after delete on access_nodes
  referencing old table as changed for each statement execute function note_changed_nodes();
