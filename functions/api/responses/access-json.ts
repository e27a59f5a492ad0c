import type { z } from "zod";
import type { SourceOverview, SweepFailure } from "#shared/sources/source-overviews.ts";
import type { sourceSchema } from "#functions/api/contract/sources.ts";

type SourceJson = z.input<typeof sourceSchema>;

/** Who finds what of a source, as the API returns it. */
export function accessJson(source: SourceOverview): SourceJson["access"] {
  const { restricted, containers_hidden, containers_trusted, calls, duration_ms } =
    source.sweep?.counters ?? {};
  const sweep = source.access === "everything" ? null : source.sweep;
  return {
    mode: source.access,
    mode_before: source.accessBefore,
    unreadable_containers: source.unreadableContainers,
    verify: source.verify,
    verified_at: source.accessVerifiedAt?.toISOString() ?? null,
    sweep: sweep && {
      due_at: sweep.dueAt.toISOString(),
      started_at: sweep.startedAt?.toISOString() ?? null,
      completed_at: sweep.completedAt?.toISOString() ?? null,
      error: sweep.error && failureJson(sweep.error),
      calls: calls ?? null,
      duration_ms: duration_ms ?? null,
    },
    restricted_contents: restricted ?? null,
    containers_hidden: containers_hidden ?? null,
    containers_trusted: containers_trusted ?? null,
  };
}

function failureJson({ code, message, since, failures }: SweepFailure) {
  return { code, message, since, failures };
}

/** What to know of a source's access. */
export function accessWarnings(source: SourceOverview): SourceJson["warnings"] {
  const { access, sweep, directoryError } = source;
  const restricted = sweep?.counters.restricted;
  if (access === "everything") {
    const pages = restricted === undefined ? "pages" : restricted === 1 ? "1 page" : `${restricted} pages`;
    return [
      {
        code: "access_everything",
        message: `Everyone who may search finds all that the syncing account sees, ${pages} with view restrictions included: PATCH the source with access unrestricted or per_user`,
      },
    ];
  }
  const warnings: SourceJson["warnings"] = [];
  if (sweep?.error)
    warnings.push({
      code: "sweep_overdue",
      message: `Reading who may see what has failed since ${sweep.error.since} (${sweep.error.code}): ${sweep.error.message}. Nobody gets to see more meanwhile, and what was read too long ago is not found`,
    });
  if (access === "per_user" && directoryError)
    warnings.push({
      code: "directory_stale",
      message: `Reading the site's groups has failed since ${directoryError.since} (${directoryError.code}): ${directoryError.message}. Searches for a person fail once what is known of them is too old`,
    });
  const hidden = sweep?.counters.containers_hidden ?? 0;
  if (hidden > 0)
    warnings.push({
      code: "containers_hidden",
      message: `What is below ${hidden} folders is not found, because Confluence does not tell who may see them: make the syncing account a Confluence administrator, or PATCH the source with unreadable_containers trust`,
    });
  return warnings;
}
