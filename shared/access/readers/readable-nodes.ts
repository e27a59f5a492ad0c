import type { Sql } from "#shared/db/connect.ts";
import { UserError } from "#shared/errors.ts";
import { showsByPerson, type AccessMode, type Verification } from "#shared/sources/source.ts";
import { identifyAccount, membershipsOf, type Membership } from "./identify-account.ts";
import { keptResults } from "./kept-results.ts";
import { passedNodes, type OwnNodes } from "./passed-nodes.ts";
import type { Readable } from "./readable.ts";
import type { Permissions, PermissionMode, Reader } from "./reader.ts";

export type ReadRequest = {
  reader: Reader;
  /** Ids and keys as searches take them; null: all. */
  sources: readonly string[] | null;
  spaces: readonly string[] | null;
  now: Date;
  /** Evidence older than this lets nobody in. */
  maxAgeMs: number;
  /** Sources that need an identity, or a directory, that is missing show nothing, instead of an error. */
  lenient?: boolean;
};

export type Permitted = {
  /** Null: everything. */
  readable: Readable | null;
  /** Of the requested sources those that the reader may see at all; null: all of them. */
  sources: string[] | null;
  permissions: Permissions;
  /** Sources whose hits Confluence is asked about, before a person gets to see them. */
  verifiedLive: string[];
};

/**
 * What a reader may be shown of these sources. Throws `UserError`: 403 `identity_required` when a source shows each person what they
 * may see and no person is named, 403 `unknown_identity` when the person has no active account, 503 `directory_unavailable` when the
 * directory of a site that this depends on is missing or too old.
 */
export async function readableFor(sql: Sql, request: ReadRequest): Promise<Permitted> {
  const { reader } = request;
  if (reader.visibility === "all") return everything("all");
  const sources = await searchedSources(sql, request);
  const isAnonymous = reader.visibility === "anonymous";
  if (!isAnonymous && sources.every(isOpen)) return everything("unfiltered");

  const since = new Date(request.now.getTime() - request.maxAgeMs);
  const isFresh = (at: Date | null) => at !== null && at >= since;
  const open = isAnonymous ? [] : sources.filter(isOpen);
  const enforced = sources.filter((source) => !isOpen(source) && isFresh(source.verifiedAt));
  const personal = enforced.filter(isByPerson);
  const { accountId, memberships, undecided, excluded } = isAnonymous
    ? NOBODY
    : await identify(sql, request, { sources, personal, isFresh, since });
  const shown = enforced.filter((source) => !undecided(source) && !excluded(source));
  const facts = { sources: shown, memberships, isAnonymous, since };
  const own = await keepOwn(keyOf(facts, request), {
    // A node that has become too old lets nobody in; without one, nothing of it changes with time.
    isCurrent: ({ evidence }) => evidence.every((at) => at >= since),
    make: async () => {
      const found = await ownNodes(sql, facts);
      return { ...found, nodes: passedNodes(found.nodes) };
    },
  });
  return {
    readable: { openSources: open.map(({ sourceId }) => sourceId), nodes: own.nodes },
    sources: [...open.map(({ sourceId }) => sourceId), ...own.spaces],
    verifiedLive: shown.flatMap((source) =>
      isPersonal(source) && source.verify === "live" ? [source.sourceId] : [],
    ),
    permissions: {
      mode: isAnonymous ? "anonymous" : sources.some(isPersonal) ? "per_user" : "unrestricted",
      accountId,
      oldestEvidence: oldest([
        ...shown.map(({ verifiedAt }) => verifiedAt),
        ...(isAnonymous ? [] : shown.filter(isByPerson).map((source) => source.directoryVerifiedAt)),
        ...own.evidence,
      ]),
      withheldSources: sources
        .filter((source) => !open.includes(source) && (!enforced.includes(source) || undecided(source)))
        .map(({ sourceId }) => sourceId),
    },
  };
}

function everything(mode: PermissionMode): Permitted {
  const permissions = { mode, accountId: null, oldestEvidence: null, withheldSources: [] };
  return { readable: null, sources: null, permissions, verifiedLive: [] };
}

/** A reader may pass 100,000 nodes, which takes longer to read than a search. */
const keepOwn = keptResults<{ nodes: Uint8Array; spaces: string[]; evidence: Date[] }>();
/** Longest time for which a result is believed: a database that was restored may count its transactions a second time. */
const KEPT_MS = 10 * 60_000;

/** All that the nodes follow from; null: not known. */
function keyOf(
  { sources, memberships, isAnonymous }: OwnFacts,
  { now, maxAgeMs }: Pick<ReadRequest, "now" | "maxAgeMs">,
): string | null {
  if (sources.some(({ nodesChangedIn }) => nodesChangedIn === null)) return null;
  const nodes = sources.map(({ sourceId, siteId, access, accessBefore, nodesChangedIn }) => {
    return [sourceId, siteId, access, accessBefore, nodesChangedIn];
  });
  return JSON.stringify([nodes, memberships, isAnonymous, maxAgeMs, Math.floor(now.getTime() / KEPT_MS)]);
}

type SearchedSource = {
  sourceId: string;
  siteId: string | null;
  access: AccessMode;
  /** Set until the rights were read again after a change of the mode: only what both modes show is shown. */
  accessBefore: AccessMode | null;
  verify: Verification;
  verifiedAt: Date | null;
  directoryVerifiedAt: Date | null;
  /** The transaction that changed its nodes last; null: none is known. */
  nodesChangedIn: string | null;
};

const isOpen = ({ access }: SearchedSource) => access === "everything";
const isPersonal = ({ access }: SearchedSource) => access === "per_user";
const isByPerson = ({ access, accessBefore }: SearchedSource) => showsByPerson(access, accessBefore);

async function searchedSources(sql: Sql, { sources, spaces }: ReadRequest): Promise<SearchedSource[]> {
  return sql<SearchedSource[]>`
    select s.source_id as "sourceId", s.site_id as "siteId", s.access, s.access_before as "accessBefore", s.verify,
      s.access_verified_at as "verifiedAt", c.directory_verified_at as "directoryVerifiedAt", w.nodes_changed_in::text as "nodesChangedIn"
    from searched_sources(${sources && [...sources]}, ${spaces && [...spaces]}) asked
    join archon_sources s on s.source_id = asked.source_id
    left join confluence_sites c on c.site_id = s.site_id
    left join access_sweeps w on w.source_id = s.source_id
    order by s.created_at, s.source_id`;
}

type Identified = {
  accountId: string | null;
  memberships: Membership[];
  /** Whether it is not known what the reader may see of a source. */
  undecided: (source: SearchedSource) => boolean;
  /** Whether the account is none of the source's site, or deactivated there: it sees nothing, not even what the public may see. */
  excluded: (source: SearchedSource) => boolean;
};

const NOBODY: Identified = {
  accountId: null,
  memberships: [],
  undecided: () => false,
  excluded: () => false,
};
/** Where no person is known, what shows each person something else shows nothing. */
const UNIDENTIFIED: Identified = { ...NOBODY, undecided: isByPerson };

async function identify(
  sql: Sql,
  { reader, ...request }: ReadRequest,
  known: {
    sources: SearchedSource[];
    personal: SearchedSource[];
    isFresh: (at: Date | null) => boolean;
    since: Date;
  },
): Promise<Identified> {
  const { personal, isFresh, since } = known;
  if (!known.sources.some(isByPerson)) return NOBODY;
  // Whoever searches a source that is not by person any more need not say for whom: it is withheld until the next sweep.
  const lenient = request.lenient === true || !known.sources.some(isPersonal);
  const person = reader.visibility === "own" ? reader.person : null;
  if (person === null) {
    if (lenient) return UNIDENTIFIED;
    throw new UserError(
      403,
      "identity_required",
      "A source shows each person what they may see in Confluence: say for whom, with `on_behalf_of`, or leave the source out",
    );
  }
  const outdated = personal.filter((source) => !isFresh(source.directoryVerifiedAt));
  if (outdated.some(isPersonal) && !lenient) {
    throw new UserError(
      503,
      "directory_unavailable",
      "Group membership of a searched site is missing or out of date; try again later",
      { details: { retry_after_seconds: DIRECTORY_RETRY_SECONDS } },
    );
  }
  const needed = personal.filter((source) => !outdated.includes(source));
  if (needed.length === 0) return UNIDENTIFIED;
  const sites = [...new Set(needed.flatMap(({ siteId }) => siteId ?? []))];
  const accountId = await identifyAccount(sql, person);
  const memberships = accountId === null ? [] : await membershipsOf(sql, accountId, sites, since);
  const active = new Set<string | null>(
    memberships.filter(({ isActive }) => isActive).map(({ siteId }) => siteId),
  );
  if (active.size === 0) {
    if (lenient) return UNIDENTIFIED;
    throw new UserError(
      403,
      "unknown_identity",
      "No unique active account was found for this person on the searched sites: map their e-mail or subject to an account with PUT /api/identities",
    );
  }
  return {
    accountId,
    memberships,
    undecided: (source) =>
      outdated.includes(source) || (!isPersonal(source) && isByPerson(source) && !active.has(source.siteId)),
    excluded: (source) => isByPerson(source) && !active.has(source.siteId),
  };
}

/** A directory is read every few minutes. */
const DIRECTORY_RETRY_SECONDS = 60;

type Own = { nodes: OwnNodes; spaces: string[]; evidence: Date[] };
type OwnFacts = { sources: SearchedSource[]; memberships: Membership[]; isAnonymous: boolean; since: Date };

/** Site by site, because the ids of groups are a site's own. */
async function ownNodes(sql: Sql, request: OwnFacts): Promise<Own> {
  const { isAnonymous, since } = request;
  const pairs: Buffer[] = [];
  const spaces: string[] = [];
  const evidence: Date[] = [];
  for (const [siteId, sources] of Map.groupBy(request.sources, (source) => source.siteId)) {
    const ids = (holds: (source: SearchedSource) => boolean) =>
      sources.filter(holds).map(({ sourceId }) => sourceId);
    const byPerson = ids((source) => isAnonymous || isByPerson(source));
    const forEveryone = ids((source) => !isAnonymous && !isByPerson(source));
    // The public is shown the same in either mode.
    const inBothModes = ids((source) => !isAnonymous && source.accessBefore !== null);
    const membership = request.memberships.find((one) => one.siteId === siteId);
    // In base64, because bytes are sent in hexadecimal: for 100,000 nodes that is half a megabyte more to copy.
    const [row] = await sql<{ nodes: string | null; spaces: string[]; evidence: Date | null }[]>`
      select encode(nodes, 'base64') as nodes, spaces, evidence
      from own_nodes(${forEveryone}, ${byPerson}, ${inBothModes}, ${membership ? membership.accountId : null},
        ${membership?.groups ?? []}, ${membership?.classes ?? ["anonymous"]}, ${since})`;
    if (row?.nodes) pairs.push(Buffer.from(row.nodes, "base64"));
    spaces.push(...(row?.spaces ?? []));
    if (row?.evidence) evidence.push(row.evidence);
  }
  return { nodes: ownNodesOf(Buffer.concat(pairs)), spaces, evidence };
}

/** Reads pairs of a node and its parent, each an integer of four bytes, the first byte the highest. */
function ownNodesOf(pairs: Buffer): OwnNodes {
  const count = pairs.length / 8;
  const nodes = new Int32Array(count);
  const parents = new Int32Array(count);
  for (let index = 0; index < count; index += 1) {
    nodes[index] = pairs.readInt32BE(index * 8);
    parents[index] = pairs.readInt32BE(index * 8 + 4);
  }
  return { nodes, parents };
}

function oldest(dates: readonly (Date | null)[]): Date | null {
  return dates.reduce<Date | null>(
    (first, at) => (at !== null && (first === null || at < first) ? at : first),
    null,
  );
}
