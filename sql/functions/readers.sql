-- Who may read what: conditions that every statement shares which reads pages for people.

-- Whether whoever reads may read the page. `open_sources`: all pages of these; null: of all sources. `readable_nodes`: bit n is set
-- where access node n lets the reader in, counted from the lowest bit of each byte. One look-up a page, however many nodes there are.
create or replace function is_readable(page confluence_pages, open_sources text[], readable_nodes bytea) returns boolean
language sql immutable parallel safe
return open_sources is null or page.source_id = any(open_sources)
  or case when page.access_node < 8 * octet_length(readable_nodes) then get_bit(readable_nodes, page.access_node) = 1 else false end;

-- The same of content that may have no page, as folders.
create or replace function is_readable_content(of_source text, of_content text, open_sources text[], readable_nodes bytea)
returns boolean
language sql stable
return open_sources is null or of_source = any(open_sources) or exists (
  select from content_access c
  where c.source_id = of_source and c.content_id = of_content
    and case when c.node_id < 8 * octet_length(readable_nodes) then get_bit(readable_nodes, c.node_id) = 1 else false end);

-- The same of a source: whether the reader sees its space at all.
create or replace function is_readable_source(of_source text, open_sources text[], readable_nodes bytea) returns boolean
language sql stable
return open_sources is null or of_source = any(open_sources) or exists (
  select from access_nodes n
  where n.source_id = of_source and n.content_id is null
    and case when n.node_id < 8 * octet_length(readable_nodes) then get_bit(readable_nodes, n.node_id) = 1 else false end);

-- The numbers of the bits that are set, in no order.
create or replace function set_bits(bits bytea, at_most integer) returns setof integer
language sql immutable parallel safe rows 1000
begin atomic
  select 8 * byte + bit from generate_series(0, octet_length(bits) - 1) byte cross join generate_series(0, 7) bit
  where get_byte(bits, byte) <> 0 and get_bit(bits, 8 * byte + bit) = 1 limit at_most;
end;

-- What releases show that know of no reader: sources whose pages are open to whoever searches; null: all are.
create or replace function sources_open_to_all() returns text[]
language sql stable
return (
  select case when not bool_and(s.access = 'everything')
    then coalesce(array_agg(s.source_id) filter (where s.access = 'everything'), '{}') end
  from archon_sources s);

-- The nodes of these sources that a reader passes, each for itself: who passes what is above it passes on. Of `unrestricted` sources,
-- the space's node whatever its principals are. Evidence that is older than `since` lets nobody in.
create or replace function nodes_that_let_in(
  unrestricted text[], per_user text[], account text, own_groups text[], own_classes text[], since timestamptz
) returns table (node_id integer, parent_node integer, source_id text, content_id text, verified_at timestamptz)
language sql stable rows 1000
begin atomic
  select n.node_id, n.parent_node, n.source_id, n.content_id, n.verified_at
  from (
    select s.node_id, s.parent_node, s.source_id, s.content_id, s.verified_at
    from access_nodes s where s.source_id = any(unrestricted) and s.content_id is null
    union all
    select o.node_id, o.parent_node, o.source_id, o.content_id, o.verified_at
    from access_nodes o where o.source_id = any(unrestricted || per_user) and o.state = 'open'
    union all
    select c.node_id, c.parent_node, c.source_id, c.content_id, c.verified_at
    from access_nodes c
    where c.source_id = any(per_user) and c.state = 'known' and c.classes <> '{}' and c.classes && own_classes
    union all
    select u.node_id, u.parent_node, u.source_id, u.content_id, u.verified_at
    from (select * from access_nodes u where u.users @> array[account] offset 0) u
    where u.source_id = any(per_user) and u.state = 'known'
    union all
    select g.node_id, g.parent_node, g.source_id, g.content_id, g.verified_at
    -- One by one: looking for any of 500 at once compares each row that is found with all of them.
    from unnest(own_groups) as mine (id) cross join lateral (
      select * from access_nodes g where g.groups @> array[mine.id] offset 0) g
    where g.source_id = any(per_user) and g.state = 'known') n
  -- One below something unknown is not at the top of its space.
  where (n.content_id is null or n.parent_node is not null) and (n.verified_at is null or n.verified_at >= since);
end;

-- What `nodes_that_let_in` returns, as one value: pairs of a node and its parent (0: it has none), integers of four bytes, the highest byte
-- first; the sources whose space's node is among them; the oldest evidence. Of sources `in_both_modes`, only nodes that let in everybody
-- as well. Read by index alone, whatever the planner knows: a source may have 100,000 nodes of which a reader passes a few, and a reader
-- 500 groups. Aggregated here, so that no rows are handed over.
create or replace function own_nodes(
  unrestricted text[], per_user text[], in_both_modes text[], account text, own_groups text[], own_classes text[], since timestamptz
) returns table (nodes bytea, spaces text[], evidence timestamptz)
language sql stable
set enable_seqscan = off
begin atomic
  select string_agg(int8send(n.node_id::bigint << 32 | coalesce(n.parent_node, 0)), ''),
    coalesce(array_agg(distinct n.source_id) filter (where n.content_id is null), '{}'), min(n.verified_at)
  from nodes_that_let_in(unrestricted, per_user, account, own_groups, own_classes, since) n
  where n.source_id <> all(in_both_modes)
    or n.node_id in (select e.node_id from nodes_that_let_in(in_both_modes, '{}', null, '{}', '{}', since) e);
end;
