import { z } from "zod";
import { foundById } from "./content.ts";
import { mayView, type Subject } from "./permissions.ts";
import { ok, v1Error, type Reply } from "./responses.ts";
import { ACCOUNT_ID, isFolder, type Site } from "./site.ts";
import { canSee, isCurrent, type Viewer } from "./visibility.ts";

const askedSchema = z.object({
  subject: z.object({ type: z.enum(["user", "group"]), identifier: z.string().min(1) }),
  operation: z.enum(["read", "update", "delete"]),
});

/**
 * `POST /rest/api/content/{id}/permission/check`: the whole rule, for a user, a group or the user `anonymous`. About others only a Confluence
 * administrator may ask. Of operations the site knows reading.
 */
export function checkPermission(site: Site, viewer: Viewer, id: string, body: string): Reply {
  const asked = readAsked(body);
  if (!asked) return v1Error(400, "subject and operation are required");
  if (asked.operation !== "read") return v1Error(400, "The simulated site checks the operation read");
  const { type, identifier } = asked.subject;
  const subject: Subject =
    type === "user" && identifier === "anonymous" ? { type: "anonymous" } : { type, id: identifier };
  const isOneself = viewer === "account" && type === "user" && identifier === ACCOUNT_ID;
  if (!isOneself && !(viewer === "account" && site.settings.administrator))
    return v1Error(403, "Only a Confluence administrator may check permissions of others");
  const content = foundById(site, id);
  const isKnown =
    content !== undefined &&
    canSee(site, viewer, content) &&
    isCurrent(site, content) &&
    (!isFolder(content) || site.settings.folder_checks);
  if (!isKnown) return v1Error(404, `No content with id : ${id}`);
  const hasPermission = mayView(site, subject, id);
  const who = subject.type === "group" ? "Group" : subject.type === "user" ? "User" : "Anonymous user";
  const errors = [{ translation: `${who} does not have permission to the content`, args: [] }];
  return ok({ hasPermission, errors: hasPermission ? [] : errors, _links: {} });
}

function readAsked(body: string): z.infer<typeof askedSchema> | null {
  try {
    return askedSchema.parse(JSON.parse(body));
  } catch (error) {
    if (error instanceof z.ZodError || error instanceof SyntaxError) return null;
    throw error;
  }
}
