import { applyContainer, nextContainer, type ContainerToProve } from "#shared/access/sweeps/containers.ts";
import { NOBODY_PASSES, type Principals } from "#shared/access/sweeps/principals.ts";
import { NOBODY, type ConfluenceClient, type RightsSubject } from "#shared/confluence/client.ts";
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
  const next = {
    containers_done: done + 1,
    containers_trusted: containers_trusted + Number(isTrusted),
    is_not_administrator: is_not_administrator || proof === "forbidden",
  };
  await saveSweepStep(context, next, (tx) =>
    applyContainer(tx, source.sourceId, { contentId: container.contentId, principals, readAt }),
  );
}

async function prove(context: SweepContext, { contentId, above }: ContainerToProve): Promise<Proof> {
  const { client, sweep } = context;
  if (above.state === "unknown") return NOBODY_PASSES;
  if (sweep.checkpoint.is_not_administrator) return "forbidden";
  try {
    return await ask(client, contentId, above);
  } catch (error) {
    if (error instanceof TransientError) return "failed";
    if (error instanceof PermanentError) return error.code === "forbidden" ? "forbidden" : "not provable";
    throw error;
  }
}

/** Those of `above` that the container lets in; `open`: all of them. */
async function ask(client: ConfluenceClient, contentId: string, above: Principals): Promise<Proof> {
  const users = above.users.filter((id) => id !== NOBODY);
  const licensed = above.classes.includes("all-licensed") ? await client.licensedGroups() : [];
  if (users.length + above.groups.length + licensed.length > MAX_ASKED) return "not provable";
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
  const ofUsers = await allowed("user", users);
  const ofGroups = await allowed("group", above.groups);
  const ofLicensed = await allowed("group", licensed);
  const classes: string[] = [];
  if (above.classes.includes("anonymous") && (await isAllowed({ type: "anonymous" })))
    classes.push("anonymous");
  if (licensed.length > 0 && ofLicensed.length === licensed.length) classes.push("all-licensed");
  const all =
    users.length + above.groups.length + licensed.length + Number(above.classes.includes("anonymous"));
  if (failures.length > 0 && failures.length === all) return "not provable";
  if (
    ofUsers.length === users.length &&
    ofGroups.length === above.groups.length &&
    classes.length === above.classes.length
  )
    return EVERYBODY_PASSES;
  const groups = [...new Set([...ofGroups, ...(classes.includes("all-licensed") ? [] : ofLicensed)])];
  return { state: "known", users: ofUsers, groups, classes };
}
