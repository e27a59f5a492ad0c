import { z } from "zod";
import type { ContentOptions } from "#shared/content-kinds.ts";
import type { RefusedCalls } from "./refused-calls.ts";

/** When deletion checks run: weekly (the default), after each sync, or only when asked. */
export const DELETION_STRATEGIES = ["weekly_reconciliation", "every_sync", "on_demand"] as const;
export type DeletionStrategy = (typeof DELETION_STRATEGIES)[number];

/**
 * Whose rights a search goes by. `unrestricted`: it shows what everyone who may read the space may read; `per_user`: what the person that
 * it is for may read; `everything`: all that the syncing account sees.
 */
export const ACCESS_MODES = ["unrestricted", "per_user", "everything"] as const;
export type AccessMode = (typeof ACCESS_MODES)[number];

/** Whether what is shown depends on who asks: also until the rights have been read again after a change from such a mode. */
export function showsByPerson(mode: AccessMode, modeBefore: AccessMode | null): boolean {
  return mode === "per_user" || modeBefore === "per_user";
}

/** What is below a folder whose restrictions Confluence does not tell: hidden, or shown as if it had none. */
export const UNREADABLE_CONTAINERS = ["hide", "trust"] as const;
export type UnreadableContainers = (typeof UNREADABLE_CONTAINERS)[number];

/**
 * What a search for a person goes by: what was read of Confluence (`stored`), or also by what Confluence says of each hit at that moment
 * (`live`), which needs an account that is a Confluence administrator.
 */
export const VERIFICATIONS = ["stored", "live"] as const;
export type Verification = (typeof VERIFICATIONS)[number];

/** `archon_sources.metadata`: what syncs and clients keep there. Unknown keys are kept. */
export const sourceMetadata = z.looseObject({
  /** The watermark of the next incremental sync, by Confluence's clock; null before the first sync has ended. */
  last_sync_timestamp: z.string().nullable().default(null),
  /** Counters of the last finished sync. */
  sync_metrics: z.record(z.string(), z.number()).nullable().default(null),
  deletion_strategy: z.enum(DELETION_STRATEGIES).default("weekly_reconciliation"),
  /** The kinds of content that were listed completely; one that was switched on since is listed by the next sync. */
  listed_kinds: z.array(z.string()).default(["page"]),
  /** When kinds were last switched on or off: rows that an operation under way listed before may be gone. */
  content_changed_at: z.string().optional(),
  /** When the last complete deletion check ended. */
  last_deletion_check: z.string().nullable().default(null),
  /** A check is to be started soon, whatever the strategy, because announcements were dropped then. */
  check_wanted_since: z.string().nullable().default(null),
  /** Responses and listed items of Confluence that differ from its description. */
  drift: z.object({ count: z.int(), last_at: z.string(), example: z.string() }).nullable().default(null),
});
export type SourceMetadata = z.infer<typeof sourceMetadata>;

export type SourceStatus = "active" | "credentials_expired" | "space_unavailable" | "deleting";

/** A row of `archon_sources`. */
export type Source = {
  sourceId: string;
  title: string;
  /** The connection that it shares with other sources; null only for one that was being deleted before there were sites. */
  siteId: string | null;
  /** The site's address as it was given. */
  baseUrl: string;
  /** Where requests go: the site, or Atlassian's gateway to it. */
  apiBase: string;
  /** Where people read the site, with `/wiki`; null until a response named it. */
  webBase: string | null;
  spaceKey: string;
  spaceId: string;
  spaceName: string;
  /** Account, credentials and pause are the site's. */
  accountId: string;
  email: string | null;
  clientId: string | null;
  /** Null once the source or its site is being deleted. */
  encryptedToken: string | null;
  /** The id that the ciphertext is bound to as authenticated data. */
  tokenBoundTo: string;
  /** Null: synced on demand only. */
  syncIntervalMinutes: number | null;
  searchLanguage: string;
  /** Which kinds of content besides pages are synced. */
  content: ContentOptions;
  access: AccessMode;
  /** The mode before a change after which no sweep was completed yet: only what both modes show is shown. */
  accessBefore: AccessMode | null;
  unreadableContainers: UnreadableContainers;
  verify: Verification;
  /** When the last complete sweep of rights began; null: none was completed. */
  accessVerifiedAt: Date | null;
  embeddingModel: string;
  metadata: SourceMetadata;
  status: SourceStatus;
  leaseOperationId: string | null;
  leaseUntil: Date | null;
  pausedUntil: Date | null;
  /** When a pulse last looked at the whole site; null where none does. */
  lastPulseAt: Date | null;
  refusedCalls: RefusedCalls;
  createdAt: Date;
  updatedAt: Date;
};

/** Where people read the source's site, with `/wiki`; until a response named it, the address that requests go to. */
export function webBaseOfSource(source: Pick<Source, "webBase" | "baseUrl">): string {
  return source.webBase ?? `${source.baseUrl}/wiki`;
}

/** What a new source is made of, with the account's credentials; status, lease and pause start empty. */
export type NewSource = Omit<
  Source,
  | "metadata"
  | "status"
  | "leaseOperationId"
  | "leaseUntil"
  | "pausedUntil"
  | "lastPulseAt"
  | "createdAt"
  | "updatedAt"
  | "webBase"
  | "refusedCalls"
  | "content"
  | "access"
  | "accessBefore"
  | "unreadableContainers"
  | "verify"
  | "accessVerifiedAt"
  | "siteId"
  | "apiBase"
  | "clientId"
  | "tokenBoundTo"
> & {
  /** Bound to the source's id. */
  encryptedToken: string;
  deletionStrategy: DeletionStrategy;
  apiBase?: string;
  /** Pages only unless set. */
  content?: ContentOptions;
  /** `everything` unless set: what the API makes says it. */
  access?: AccessMode;
  unreadableContainers?: UnreadableContainers;
  /** `stored` unless set. */
  verify?: Verification;
  /** No first sync before; null: at once. */
  firstSyncAt?: Date | null;
  webBase?: string | null;
  refusedCalls?: RefusedCalls;
};

/** An API token that was tried. */
export type Credentials = {
  accountId: string;
  email: string | null;
  /** Where the token works; absent: where the one before it did. */
  apiBase?: string;
  /** Bound to `boundTo`. */
  encryptedToken: string;
  boundTo: string;
  /** The token is the one that was stored. */
  isSameToken?: boolean;
};

/** What a client may change. Absent: unchanged. */
export type SourceChanges = {
  title?: string;
  /** Of one account; they hold for its site, so for its other sources too. */
  credentials?: Credentials;
  syncIntervalMinutes?: number | null;
  /** A kind that is switched off loses its rows. */
  content?: ContentOptions;
  /** What was read of the rights before it carried them over is not known any more. */
  access?: AccessMode;
  unreadableContainers?: UnreadableContainers;
  verify?: Verification;
  /** Merged into the metadata. */
  metadata?: Record<string, z.infer<ReturnType<typeof z.json>>>;
  refusedCalls?: RefusedCalls;
  status?: Exclude<SourceStatus, "deleting">;
};
