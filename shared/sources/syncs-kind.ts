import type postgres from "postgres";
import type { Sql } from "#shared/db/connect.ts";

/** Whether the source `s` syncs content of this kind, given as SQL: what `syncedKinds` in content-kinds.ts says of its option. */
export function syncsKind(sql: Sql, kind: postgres.Fragment): postgres.Fragment {
  return sql`(case ${kind} when 'page' then true when 'blogpost' then coalesce((s.content ->> 'blogposts')::boolean, false)
    when 'comments' then coalesce(s.content ->> 'comments', 'none') <> 'none'
    when 'attachment' then coalesce((s.content ->> 'attachments')::boolean, false) else false end)`;
}
