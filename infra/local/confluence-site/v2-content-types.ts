import { z } from "zod";
import { ok, v2Error, type Reply } from "./responses.ts";
import { contentById } from "./content.ts";
import type { Site, SiteContent } from "./site.ts";
import { canSee, isCurrent, type Viewer } from "./visibility.ts";

const MAX_IDS = 100;

const askedSchema = z.object({ contentIds: z.array(z.union([z.string(), z.number()])).max(MAX_IDS) });

/** `POST /content/convert-ids-to-types`: the type of each id; null for what is gone, in the trash or out of sight. */
export function convertIdsToTypes(site: Site, viewer: Viewer, body: string): Reply {
  const asked = askedSchema.safeParse(parseJson(body));
  if (!asked.success) return v2Error(400, `contentIds must be a list of at most ${MAX_IDS} ids`);
  const results = asked.data.contentIds.map(String).map((id): [string, string | null] => {
    const content = contentById(site, id);
    return [id, content && isShown(site, viewer, content) ? typeOf(content) : null];
  });
  return ok({ results: Object.fromEntries(results) });
}

function isShown(site: Site, viewer: Viewer, content: SiteContent): boolean {
  if ("status" in content && (content.status === "draft" || content.status === "deleted")) return false;
  const isArchived = "status" in content && content.status === "archived";
  return (
    (isArchived || isCurrent(site, content) || site.settings.types_of_trashed) &&
    canSee(site, viewer, content)
  );
}

function typeOf(content: SiteContent): string {
  return content.kind === "comment" ? `${content.location}-comment` : content.kind;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
