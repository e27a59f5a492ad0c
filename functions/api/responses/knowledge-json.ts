import { z } from "zod";
import type { Readable } from "#shared/access/readers/readable.ts";
import { webBaseOfSource } from "#shared/sources/source.ts";
import { DEFAULT_KNOWLEDGE_TYPE, type SourceOverview } from "#shared/sources/source-overviews.ts";

/** What clients of the knowledge endpoints keep in a source's metadata. */
const described = z.object({
  description: z.string().nullable().default(null),
  knowledge_type: z.string().default(DEFAULT_KNOWLEDGE_TYPE),
  tags: z.array(z.string()).default([]),
  status: z.string().nullable().default(null),
  update_frequency: z.number().nullable().default(null),
  group_name: z.string().nullable().default(null),
});

/** The metadata that knowledge endpoints return. What a sync counted is left out where the reader may not see all of it. */
export function knowledgeMetadata(source: SourceOverview, readable: Readable | null) {
  const showsAll = readable === null || readable.openSources.includes(source.sourceId);
  const { metadata } = source;
  return {
    ...described.parse(metadata),
    source_type: "confluence" as const,
    original_url: spaceUrl(source),
    space_key: source.spaceKey,
    deletion_strategy: metadata.deletion_strategy,
    last_sync_timestamp: metadata.last_sync_timestamp,
    last_deletion_check: metadata.last_deletion_check,
    sync_metrics: showsAll ? metadata.sync_metrics : null,
  };
}

/** Of the statuses that Archon's cards know. */
export function knowledgeStatus(source: Pick<SourceOverview, "status">): "active" | "error" {
  return source.status === "active" ? "active" : "error";
}

/** Where people read the space. */
export function spaceUrl(source: Pick<SourceOverview, "webBase" | "baseUrl" | "spaceKey">): string {
  return `${webBaseOfSource(source)}/spaces/${encodeURIComponent(source.spaceKey)}`;
}

/** The paging block of Archon's lists. */
export function pagedBy(query: { page: number; per_page: number }, total: number) {
  return {
    total,
    page: query.page,
    per_page: query.per_page,
    pages: Math.ceil(total / query.per_page),
  };
}
