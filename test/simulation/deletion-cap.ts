import type postgres from "postgres";
import { Violation } from "./violation.ts";

/** Without force a check takes ten of a kind, or a quarter of those that were living when it decided; those missed for a second time apart. */
const CAP_ITEMS = 10;
const CAP_PART = 4;

/** Deletion checks that were seen at work, by operation. */
export type WatchedChecks = Map<string, Watched>;

type Watched = {
  /** Living content by kind: the most since the check began to confirm, until it decided. */
  living: Map<string, number>;
  /** Whether what it is about to take is missed for the second time, by id. */
  isSecondTime: Map<string, boolean>;
  /** On pages that are found: all that are stored, and those that the check found gone. */
  comments: { living: number; first: string[]; second: string[] };
};

type Sample = {
  operation_id: string;
  source_id: string;
  phase: string | null;
  living: Record<string, number>;
  decided: { id: string; second: boolean }[];
  taken: { id: string; kind: string; second: boolean }[];
};

/**
 * To be called after each step of a deletion check, in which it may decide: what was living at that moment is known later to nobody.
 * While it confirms, pages may still be stored, which the check may count or not; what it takes is compared with the most.
 */
export async function watchChecks(sql: postgres.Sql, watched: WatchedChecks): Promise<void> {
  for (const sample of await readSamples(sql)) {
    const { operation_id, source_id, phase } = sample;
    const check = watched.get(operation_id) ?? {
      living: new Map<string, number>(),
      isSecondTime: new Map<string, boolean>(),
      comments: { living: 0, first: [], second: [] },
    };
    watched.set(operation_id, check);
    if (!DECIDED.has(phase)) decideSoon(check, sample, phase === "confirming");
    checkTaken(check, sample);
    if (phase === "comments") await readComments(sql, check, { operation_id, source_id });
    if (phase === "closing") await checkComments(sql, check, operation_id);
  }
}

/** From here on a check takes what it has decided. */
const DECIDED = new Set<string | null>(["deleting", "comments", "closing", "listed"]);

function readSamples(sql: postgres.Sql): Promise<Sample[]> {
  return sql<Sample[]>`
    select p.operation_id, p.source_id, p.checkpoint ->> 'phase' as phase,
      (select coalesce(jsonb_object_agg(kind, count), '{}') from (
        select d.kind, count(*) as count from confluence_pages d
        where d.source_id = p.source_id and not d.is_deleted and d.version > 0 group by d.kind) as kinds) as living,
      (select coalesce(jsonb_agg(jsonb_build_object('id', w.page_id,
          'second', w.outcome = 'deleted' and w.reason = 'not_visible') order by w.page_id), '[]')
        from sync_work w where w.operation_id = p.operation_id and w.state = 'candidate' and w.outcome is not null) as decided,
      (select coalesce(jsonb_agg(jsonb_build_object('id', t.page_id, 'kind', d.kind, 'second', t.second) order by t.page_id), '[]')
        from (
          select detail ->> 'page_id' as page_id, detail ->> 'reason' = 'not_visible' as second from event_outbox
          where event_type = 'page.deleted' and detail ->> 'operation_id' = p.operation_id::text
            -- What goes with its page is not counted.
            and detail ->> 'reason' not like 'container\\_%'
          union all
          select w.page_id, false from sync_work w
          where w.operation_id = p.operation_id and w.state = 'done' and w.outcome = 'hidden') as t
        join confluence_pages d on d.source_id = p.source_id and d.page_id = t.page_id) as taken
    from archon_progress p
    where p.operation_type = 'deletion_check' and p.finished_at is null and not p.force and not p.dry_run
    order by p.operation_id`;
}

function decideSoon(check: Watched, { living, decided }: Sample, confirms: boolean): void {
  for (const [kind, count] of Object.entries(living))
    check.living.set(kind, confirms ? Math.max(count, check.living.get(kind) ?? 0) : count);
  check.isSecondTime = new Map(decided.map(({ id, second }) => [id, second]));
}

function checkTaken(check: Watched, { operation_id, taken }: Sample): void {
  for (const [kind, ofKind] of Map.groupBy(taken, (one) => one.kind)) {
    // Asked for again, because the answer was old, it may be gone in another way than when that was decided.
    const second = ofKind.filter((one) => check.isSecondTime.get(one.id) ?? one.second).length;
    const living = check.living.get(kind) ?? 0;
    checkCap(operation_id, kind, { first: ofKind.length - second, second, living });
  }
}

function checkCap(
  operationId: string,
  kind: string,
  { first, second, living }: { first: number; second: number; living: number },
): void {
  const most = Math.max(first, second);
  if (most > CAP_ITEMS && most * CAP_PART > living)
    throw new Violation(`Check ${operationId} took ${most} of ${living} (${kind}) without force`);
}

async function readComments(
  sql: postgres.Sql,
  check: Watched,
  { operation_id, source_id }: Pick<Sample, "operation_id" | "source_id">,
): Promise<void> {
  const rows = await sql<{ id: string; is_gone: boolean; is_missing: boolean }[]>`
    select m.comment_id as id, m.gone_by is not distinct from ${operation_id}::uuid as is_gone, m.missing_since is not null as is_missing
    from confluence_comments m join confluence_pages c on c.source_id = m.source_id and c.page_id = m.container_id
    where m.source_id = ${source_id} and is_findable(c) order by m.comment_id`;
  const gone = rows.filter((row) => row.is_gone);
  check.comments = {
    living: Math.max(rows.length, check.comments.living),
    first: gone.filter((row) => !row.is_missing).map((row) => row.id),
    second: gone.filter((row) => row.is_missing).map((row) => row.id),
  };
}

/** Comments leave no event: what is left of those that were found gone says what was taken. */
async function checkComments(sql: postgres.Sql, check: Watched, operationId: string): Promise<void> {
  const { living, first, second } = check.comments;
  if (first.length + second.length === 0) return;
  const rows = await sql<{ id: string; is_missing: boolean }[]>`
    select comment_id as id, missing_since is not null as is_missing from confluence_comments
    where gone_by = ${operationId} order by comment_id`;
  const left = new Map(rows.map((row) => [row.id, row.is_missing]));
  checkCap(operationId, "comments", {
    first: first.filter((id) => left.get(id) === true).length,
    second: second.filter((id) => !left.has(id)).length,
    living,
  });
}
