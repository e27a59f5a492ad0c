import { z } from "zod";
import { contentOptions, PAGES_ONLY } from "#shared/content-kinds.ts";
import type { Sql } from "#shared/db/connect.ts";
import { UserError } from "#shared/errors.ts";
import { refusal, type Refusal } from "#shared/sources/refused-calls.ts";
import {
  ACCESS_MODES,
  DELETION_STRATEGIES,
  UNREADABLE_CONTAINERS,
  VERIFICATIONS,
} from "#shared/sources/source.ts";
import { spaceRule, type SpaceRule } from "./space-rule.ts";

/** Settings of the sources that a site's rule makes. */
export const sourceDefaults = z.object({
  deletion_strategy: z.enum(DELETION_STRATEGIES).default("weekly_reconciliation"),
  sync_interval_minutes: z.int().nullable().default(1440),
  search_language: z.string().default("english"),
  /** Sites that existed before there were other kinds get pages only. */
  content: contentOptions.default(PAGES_ONLY),
  /** And show what they showed. */
  access: z.enum(ACCESS_MODES).default("everything"),
  unreadable_containers: z.enum(UNREADABLE_CONTAINERS).default("hide"),
  verify: z.enum(VERIFICATIONS).default("stored"),
});
export type SourceDefaults = z.infer<typeof sourceDefaults>;

/** Above these, new spaces wait for a person's word. */
export const siteLimits = z.object({ max_pages: z.number().optional(), max_dollars: z.number().optional() });
export type SiteLimits = z.infer<typeof siteLimits>;

/** What first syncs are expected to take. `dollars` is null where the model's price is not known. */
export const estimate = z.object({
  spaces: z.int(),
  pages: z.int(),
  /** Estimates of before they were counted lack them. */
  blogposts: z.int().default(0),
  comments: z.int().default(0),
  files: z.int().default(0),
  chunks: z.int(),
  tokens: z.int(),
  dollars: z.number().nullable(),
  minutes: z.int(),
});
export type Estimate = z.infer<typeof estimate>;

/** By scope; by optional call where the site was connected before each scope was tried. */
const siteRefusals = z.record(z.string(), refusal);
export type SiteRefusals = Record<string, Refusal>;

/** A row of `confluence_sites`. */
export type Site = {
  siteId: string;
  baseUrl: string;
  apiBase: string;
  accountId: string;
  email: string | null;
  /** Of client credentials; null: an API token. */
  clientId: string | null;
  /** Null: the site is being deleted. */
  encryptedSecret: string | null;
  secretBoundTo: string;
  tokenExpiresAt: Date | null;
  /** What the token was refused when it was tried, by scope. */
  refusedCalls: SiteRefusals;
  /** Null: its sources were added one by one. */
  rule: SpaceRule | null;
  defaults: SourceDefaults;
  limits: SiteLimits;
  /** The estimate for spaces that wait for a person's word. */
  held: Estimate | null;
  discoveredAt: Date | null;
  discoveryError: { code: string; message: string; at: string } | null;
  status: "active" | "credentials_expired" | "deleting";
  pausedUntil: Date | null;
  /** Whether it is asked each minute what changed. */
  pulse: boolean;
  lastPulseAt: Date | null;
  /** When the oldest part of the directory was read: who is in which group. Null: never, completely. */
  directoryVerifiedAt: Date | null;
  /** Why pulses fail, while they do. */
  pulseError: z.infer<typeof pulseError> | null;
  createdAt: Date;
  updatedAt: Date;
};

const pulseError = z.object({ code: z.string(), message: z.string(), since: z.string(), failures: z.int() });
const discoveryError = z.object({ code: z.string(), message: z.string(), at: z.string() });

type SiteRow = Omit<
  Site,
  "rule" | "defaults" | "limits" | "held" | "refusedCalls" | "discoveryError" | "pulseError"
> & {
  rule: unknown;
  defaults: unknown;
  limits: unknown;
  held: unknown;
  refusedCalls: unknown;
  discoveryError: unknown;
  pulseError: unknown;
};

function toSite(row: SiteRow): Site {
  return {
    ...row,
    rule: spaceRule.nullable().parse(row.rule),
    defaults: sourceDefaults.parse(row.defaults),
    limits: siteLimits.parse(row.limits),
    held: estimate.nullable().parse(row.held),
    refusedCalls: siteRefusals.catch({}).parse(row.refusedCalls),
    discoveryError: discoveryError.nullable().parse(row.discoveryError),
    pulseError: pulseError.nullable().parse(row.pulseError),
  };
}

function siteColumns(sql: Sql) {
  return sql`
    site_id as "siteId", base_url as "baseUrl", api_base as "apiBase", account_id as "accountId", email, client_id as "clientId",
    encrypted_secret as "encryptedSecret", secret_bound_to as "secretBoundTo", token_expires_at as "tokenExpiresAt",
    refused_calls as "refusedCalls", space_rule as rule, source_defaults as defaults, limits, held,
    discovered_at as "discoveredAt", discovery_error as "discoveryError", status, paused_until as "pausedUntil",
    pulse, last_pulse_at as "lastPulseAt", directory_verified_at as "directoryVerifiedAt", pulse_error as "pulseError",
    created_at as "createdAt", updated_at as "updatedAt"`;
}

/** The site; throws `UserError` 404 `site_not_found` when it does not exist or is being deleted. `lock`: until the transaction ends. */
export async function requireSite(sql: Sql, siteId: string, { lock = false } = {}): Promise<Site> {
  const [row] = await sql<SiteRow[]>`
    select ${siteColumns(sql)} from confluence_sites
    where site_id = ${siteId} and status <> 'deleting' ${lock ? sql`for no key update` : sql``}`;
  if (!row) throw new UserError(404, "site_not_found", `Site ${siteId} not found`);
  return toSite(row);
}

/** Sites in the order in which they were made, from behind `after`. */
export async function listSites(
  sql: Sql,
  options: { after: { createdAt: Date; siteId: string } | null; limit: number },
): Promise<Site[]> {
  const { after, limit } = options;
  const rows = await sql<SiteRow[]>`
    select ${siteColumns(sql)} from confluence_sites where status <> 'deleting'
      ${after ? sql`and (created_at, site_id) > (${after.createdAt}, ${after.siteId})` : sql``}
    order by created_at, site_id limit ${limit}`;
  return rows.map(toSite);
}

/** Active sites with a rule, not paused, whose last discovery was before `before`; those first that were not tried for longest, failed or not. */
export async function sitesToDiscover(
  sql: Sql,
  { before, now }: { before: Date; now: Date },
): Promise<Site[]> {
  const rows = await sql<SiteRow[]>`
    select ${siteColumns(sql)} from confluence_sites
    where status = 'active' and space_rule is not null
      and (paused_until is null or paused_until <= ${now}) and (discovered_at is null or discovered_at < ${before})
    order by greatest(discovered_at, (discovery_error ->> 'at')::timestamptz) nulls first, site_id`;
  return rows.map(toSite);
}

/** Sites whose credentials were refused and are still there, not paused, in any order: one that does not respond delays another each time. */
export async function expiredSites(sql: Sql, now: Date): Promise<Site[]> {
  const rows = await sql<SiteRow[]>`
    select ${siteColumns(sql)} from confluence_sites
    where status = 'credentials_expired' and (paused_until is null or paused_until <= ${now})
    order by random()`;
  return rows.map(toSite);
}

/** What is changed. Absent: unchanged. */
export type SiteChanges = Partial<{
  apiBase: string;
  accountId: string;
  email: string | null;
  clientId: string | null;
  encryptedSecret: string;
  secretBoundTo: string;
  tokenExpiresAt: Date | null;
  refusedCalls: SiteRefusals;
  rule: SpaceRule;
  defaults: SourceDefaults;
  limits: SiteLimits;
  pulse: boolean;
  held: Estimate | null;
  discoveredAt: Date;
  discoveryError: Site["discoveryError"];
  status: "active" | "credentials_expired";
}>;

/** The index by which an account has one site of an address. */
const ONE_OF_ACCOUNT = "confluence_sites_account";

/** Changes what is given. Throws `UserError` 404, or 409 `site_exists` when the new account has a site of its own here. */
export async function updateSite(sql: Sql, siteId: string, changes: SiteChanges, now: Date): Promise<void> {
  const json = (value: object | null) => (value === null ? null : sql.json(value as never));
  const columns: Record<string, unknown> = { updated_at: now };
  const plain = {
    apiBase: "api_base",
    accountId: "account_id",
    email: "email",
    clientId: "client_id",
    encryptedSecret: "encrypted_secret",
    secretBoundTo: "secret_bound_to",
    tokenExpiresAt: "token_expires_at",
    discoveredAt: "discovered_at",
    pulse: "pulse",
    status: "status",
  } as const;
  const documents = {
    refusedCalls: "refused_calls",
    rule: "space_rule",
    defaults: "source_defaults",
    limits: "limits",
    held: "held",
    discoveryError: "discovery_error",
  } as const;
  for (const [name, column] of Object.entries(plain)) {
    const value = changes[name as keyof typeof plain];
    if (value !== undefined) columns[column] = value;
  }
  if (changes.clientId !== undefined)
    columns["credential_kind"] = changes.clientId === null ? "api_token" : "client_credentials";
  if (changes.tokenExpiresAt !== undefined) columns["expiry_warned_days"] = null;
  // A new token is tried by the next pulse, however long the old one had failed.
  if (changes.encryptedSecret !== undefined) columns["pulse_error"] = null;
  for (const [name, column] of Object.entries(documents)) {
    const value = changes[name as keyof typeof documents];
    if (value !== undefined) columns[column] = json(value);
  }
  const { count } = await sql`
    update confluence_sites set ${sql(columns as Record<string, never>)}
    where site_id = ${siteId} and status <> 'deleting'`.catch(async (error: unknown) => {
    if (!hasAnotherSite(error)) throw error;
    throw siteExists(await otherSite(sql, siteId, changes.accountId));
  });
  if (count === 0) throw new UserError(404, "site_not_found", `Site ${siteId} not found`);
}

function hasAnotherSite(error: unknown): boolean {
  return error instanceof Error && "constraint_name" in error && error.constraint_name === ONE_OF_ACCOUNT;
}

async function otherSite(sql: Sql, siteId: string, accountId = ""): Promise<string | null> {
  const [row] = await sql<{ site_id: string }[]>`
    select o.site_id from confluence_sites c join confluence_sites o using (base_url)
    where c.site_id = ${siteId} and o.account_id = ${accountId} and o.status <> 'deleting'`;
  return row?.site_id ?? null;
}

/** The error for an account that has a site of this address already. */
export function siteExists(siteId: string | null): UserError {
  return new UserError(409, "site_exists", "This account's site is connected already: PATCH it", {
    details: { site_id: siteId },
  });
}
