import type { Sql } from "#shared/db/connect.ts";
import { MAX_PATTERNS } from "./space-rule.ts";

/**
 * Excludes the space of a source from its site's rule, if it has one: discovery would make a new source of it. Not of a space that is
 * gone: another one may have its key. A rule that is full stays as it is.
 */
export async function excludeSpaceOf(sql: Sql, sourceId: string, now: Date): Promise<void> {
  await sql`
    update confluence_sites c set updated_at = ${now},
      space_rule = jsonb_set(c.space_rule, '{exclude}', coalesce(c.space_rule -> 'exclude', '[]') || to_jsonb(s.space_key))
    from archon_sources s
    where s.source_id = ${sourceId} and s.status <> 'deleting' and c.site_id = s.site_id and c.space_rule is not null
      and jsonb_array_length(coalesce(c.space_rule -> 'exclude', '[]')) < ${MAX_PATTERNS}
      and not coalesce(c.space_rule -> 'exclude', '[]') ? s.space_key
      and exists (
        select from confluence_spaces k where k.site_id = c.site_id and k.space_id = s.space_id and k.gone_since is null)`;
}
