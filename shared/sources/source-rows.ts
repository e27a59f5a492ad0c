import { contentOptions } from "#shared/content-kinds.ts";
import type { Sql } from "#shared/db/connect.ts";
import { refusedCalls } from "./refused-calls.ts";
import { sourceMetadata, type Source } from "./source.ts";

/** A source as it is stored: what is JSON is not parsed. */
export type SourceRow = Omit<Source, "content" | "metadata" | "refusedCalls"> & {
  content: unknown;
  metadata: unknown;
  refusedCalls: unknown;
};

/** Sources `s`, each with its site `c`. */
export function sourcesWithSites(sql: Sql) {
  return sql`archon_sources s left join confluence_sites c on c.site_id = s.site_id`;
}

/** Every column of `sourcesWithSites`, under the names of `Source`. */
export function sourceColumns(sql: Sql) {
  return sql`
    s.source_id as "sourceId", s.title, s.site_id as "siteId", s.base_url as "baseUrl",
    coalesce(c.api_base, s.base_url) as "apiBase", s.web_base as "webBase", s.refused_calls as "refusedCalls",
    s.space_key as "spaceKey", s.space_id as "spaceId", s.space_name as "spaceName",
    coalesce(c.account_id, s.account_id) as "accountId", c.email, c.client_id as "clientId",
    case when s.status <> 'deleting' then c.encrypted_secret end as "encryptedToken",
    coalesce(c.secret_bound_to, s.source_id) as "tokenBoundTo",
    s.sync_interval_minutes as "syncIntervalMinutes", s.search_language as "searchLanguage", s.content, s.access,
    s.access_before as "accessBefore", s.unreadable_containers as "unreadableContainers", s.verify,
    s.access_verified_at as "accessVerifiedAt", s.embedding_model as "embeddingModel", s.metadata,
    case when s.status = 'active' and c.status = 'credentials_expired' then c.status else s.status end as status,
    s.lease_operation_id as "leaseOperationId", s.lease_until as "leaseUntil", c.paused_until as "pausedUntil",
    c.last_pulse_at as "lastPulseAt",
    s.created_at as "createdAt", greatest(s.updated_at, c.updated_at) as "updatedAt"`;
}

/** A row as `sourceColumns` selects it, its metadata parsed. */
export function toSource(row: SourceRow): Source {
  return {
    ...row,
    content: contentOptions.parse(row.content),
    metadata: sourceMetadata.parse(row.metadata),
    refusedCalls: refusedCalls.catch({}).parse(row.refusedCalls),
  };
}
