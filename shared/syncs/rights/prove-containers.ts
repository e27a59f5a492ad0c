import { applyContainer, nextContainer, type ContainerToProve } from "#shared/access/sweeps/containers.ts";
import { NOBODY_PASSES, type Principals } from "#shared/access/sweeps/principals.ts";
import { NOBODY, type RightsSubject } from "#shared/confluence/content-rights.ts";
import { PermanentError, TransientError } from "#shared/errors.ts";
import { saveSweepStep, type SweepContext } from "./sweep-context.ts";

/** Principals that are asked about for one container: about as many calls as a step has time for. */
const MAX_ASKED = 60;

const EVERYBODY_PASSES: Principals = { ...NOBODY_PASSES, state: "open" };

/** `forbidden`: the account may ask about nobody; `failed`: not this time. */
type Proof = Principals | "not provable" | "forbidden" | "failed";

/**
 * Whom the next folder (whiteboard, database, embed) lets in. Its own restrictions read as empty whatever they are (CONFCLOUD-82920), so
 * Confluence is asked about everybody who passes what is above it: only whoever it lets in passes. Where it cannot be asked, the
 * source's setting decides.
 */
export async function proveNextContainer(context: SweepContext): Promise<void> {
  const { source, services, sweep } = context;
  const { containers_done: done, containers_trusted, is_not_administrator } = sweep.checkpoint;
  const container = await nextContainer(services.sql, source.sourceId, done);
  if (!container) return saveSweepStep(context, { phase: "closing" });
  const readAt = services.now();
  const proof = await prove(context, container);
  const isProven = typeof proof !== "string";
  const isTrusted = !isProven && proof !== "failed" && source.unreadableContainers === "trust";
  const unproven = isTrusted ? EVERYBODY_PASSES : NOBODY_PASSES;
  const principals = proof === "failed" ? null : isProven ? proof : unproven;
  const { users, groups, classes } = container.above;
  const provenFor = isTrusted ? { everybody: true as const } : { users, groups, classes };
  const next = {
    containers_done: done + 1,
    containers_trusted: containers_trusted + Number(isTrusted),
    is_not_administrator: is_not_administrator || proof === "forbidden",
  };
  await saveSweepStep(context, next, (tx) =>
    applyContainer(tx, source.sourceId, { contentId: container.contentId, principals, provenFor, readAt }),
  );
}

async function prove(context: SweepContext, { contentId, above }: ContainerToProve): Promise<Proof> {
  const { sweep } = context;
  if (above.state === "unknown") return NOBODY_PASSES;
  // Everybody is shown what such a folder has in it, and it may keep out readers of whom Confluence cannot be asked.
  if (context.source.access === "unrestricted" && sweep.checkpoint.has_unknown_readers) return "not provable";
  if (sweep.checkpoint.is_not_administrator) return "forbidden";
  try {
    return await ask(context, contentId, above);
  } catch (error) {
    if (error instanceof TransientError) return "failed";
    if (error instanceof PermanentError) return error.code === "forbidden" ? "forbidden" : "not provable";
    throw error;
  }
}

/**
 * Those of `above` that the container lets in; `open`: all of them. A group may have members that a container names although it does not
 * let in the group: they are asked about one by one, if they are not too many.
 */
async function ask(context: SweepContext, contentId: string, above: Principals): Promise<Proof> {
  const { client } = context;
  const users = above.users.filter((id) => id !== NOBODY);
  const failures: PermanentError[] = [];
  const isAllowed = async (subject: RightsSubject): Promise<boolean> => {
    try {
      return await client.isPermitted(contentId, subject);
    } catch (error) {
      // Of a group that was deleted: it lets nobody in. Of the container itself it fails for everybody.
      if (!(error instanceof PermanentError) || error.code === "forbidden") throw error;
      failures.push(error);
      return false;
    }
  };
  const allowed = async (type: "user" | "group", ids: readonly string[]) => {
    const found: string[] = [];
    for (const id of ids) if (await isAllowed({ type, id })) found.push(id);
    return found;
  };
  const isPublic = above.classes.includes("anonymous");
  const publicPasses = isPublic && (await isAllowed({ type: "anonymous" }));
  const ofLicence = above.classes.includes("all-licensed");
  const licensed = ofLicence || (isPublic && !publicPasses) ? await client.licensedGroups() : [];
  const asked = users.length + above.groups.length + licensed.length + Number(isPublic);
  // Of nobody nothing is proven: the space's readers are none that are known.
  if (asked === 0 || asked > MAX_ASKED) return "not provable";
  const ofUsers = await allowed("user", users);
  const ofGroups = await allowed("group", above.groups);
  const ofLicensed = await allowed("group", licensed);
  const licencePasses = ofLicence && licensed.length > 0 && ofLicensed.length === licensed.length;
  if (failures.length > 0 && failures.length === asked) return "not provable";
  const classes = [...(publicPasses ? ["anonymous"] : []), ...(licencePasses ? ["all-licensed"] : [])];
  if (
    ofUsers.length === users.length &&
    ofGroups.length === above.groups.length &&
    classes.length === above.classes.length
  )
    return EVERYBODY_PASSES;
  const passing = new Set([...ofGroups, ...ofLicensed]);
  const refused = [...above.groups, ...licensed].filter((id) => !passing.has(id));
  const members = await membersOf(context, refused, { without: users, atMost: MAX_ASKED - asked });
  return {
    state: "known",
    users: [...ofUsers, ...(await allowed("user", members))],
    groups: licencePasses ? ofGroups : [...passing],
    classes,
  };
}

/** Who is in one of these groups; none of them where they are more than may be asked about. */
async function membersOf(
  { services, source }: SweepContext,
  groups: readonly string[],
  { without, atMost }: { without: readonly string[]; atMost: number },
): Promise<string[]> {
  const rows = await services.sql<{ id: string }[]>`
    select distinct account_id as id from directory_members
    where site_id = ${source.siteId} and group_id = any(${[...groups]}::text[]) and account_id <> all(${[...without]}::text[])
    order by account_id limit ${atMost + 1}`;
  return rows.length > atMost ? [] : rows.map(({ id }) => id);
}
